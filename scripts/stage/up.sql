-- 新阶段: the loan files in it, and where each stands.
CREATE TABLE new_stage (
    file_id BIGINT NOT NULL PRIMARY KEY REFERENCES loan_file (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    state TEXT NOT NULL CHECK (state IN ('open', 'done')),
    since_on DATE NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX new_stage_by_state ON new_stage (office_code, state, since_on, file_id);
