-- 困难认定: a round of a school, the applications in it and each step with them.
CREATE TABLE hardship_round (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    year INTEGER NOT NULL,
    term TEXT NOT NULL CHECK (term IN ('autumn', 'spring')),
    school TEXT NOT NULL,
    apply_until DATE NOT NULL,
    quota INTEGER,
    opened_by TEXT NOT NULL,
    opened_on DATE NOT NULL,
    filed_no TEXT,
    filed_on DATE,
    filed_by TEXT NOT NULL,
    seed TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, year, term, school),
    UNIQUE (office_code, filed_no)
);
CREATE TABLE hardship_application (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    round_id BIGINT NOT NULL REFERENCES hardship_round (id),
    name TEXT NOT NULL,
    grade TEXT NOT NULL,
    class_name TEXT NOT NULL,
    id_sealed BYTEA NOT NULL,
    id_index BYTEA NOT NULL,
    id_mask TEXT NOT NULL,
    form_sealed BYTEA NOT NULL,
    signed_by TEXT NOT NULL CHECK (signed_by IN ('self', 'guardian', 'paper')),
    applied_on DATE NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'class', 'grade', 'school', 'village',
        'public', 'cleared', 'recognised', 'refused', 'withdrawn')),
    reason TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    recheck TEXT NOT NULL CHECK (recheck IN ('none', 'drawn', 'same', 'changed')),
    recheck_note TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (round_id, id_index)
);
CREATE INDEX hardship_application_by_round ON hardship_application (office_code, round_id, id);
CREATE INDEX hardship_application_by_state ON hardship_application (office_code, state, id);
CREATE INDEX hardship_application_by_person ON hardship_application (office_code, id_index);
CREATE TABLE hardship_step (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    application_id BIGINT NOT NULL REFERENCES hardship_application (id),
    step TEXT NOT NULL CHECK (step IN ('apply', 'class', 'grade', 'school', 'village', 'publish',
        'clear', 'object', 'county', 'refuse', 'return', 'withdraw')),
    on_day DATE NOT NULL,
    by_name TEXT NOT NULL,
    staff_id BIGINT,
    opinion TEXT NOT NULL,
    papers TEXT NOT NULL,
    level TEXT NOT NULL
);
CREATE INDEX hardship_step_by_application ON hardship_step (office_code, application_id, id);
