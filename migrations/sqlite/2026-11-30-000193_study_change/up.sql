-- 就学信息变更: what a family said of its student's studies, until somebody else has approved it; then it is
-- an event of each contract. One at a time for a file.
CREATE TABLE study_change (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    kind TEXT NOT NULL CHECK (kind <> ''),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'refused', 'approved', 'withdrawn')),
    happened_on DATE NOT NULL,
    ends_on DATE,
    ended_on DATE NOT NULL,
    university TEXT NOT NULL,
    major TEXT NOT NULL,
    proof TEXT NOT NULL,
    note TEXT NOT NULL,
    signed_by TEXT NOT NULL CHECK (signed_by IN ('', 'student', 'co_borrower')),
    signed_on DATE,
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX study_change_open ON study_change (file_id) WHERE state IN ('draft', 'submitted', 'returned');
CREATE INDEX study_change_by_state ON study_change (office_code, state, id);
CREATE INDEX study_change_of_file ON study_change (office_code, file_id);
