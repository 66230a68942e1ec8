-- 公示: a list of names without anything sensitive, and what was said against it.
CREATE TABLE publication (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL CHECK (kind IN ('hardship')),
    subject_id BIGINT NOT NULL,
    turn INTEGER NOT NULL,
    lines TEXT NOT NULL,
    place TEXT NOT NULL,
    phone TEXT NOT NULL,
    opened_on DATE NOT NULL,
    running_from DATE NOT NULL,
    served INTEGER NOT NULL,
    working_days INTEGER NOT NULL,
    closes_on DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('public', 'stopped', 'changed', 'over')),
    taken_down_on DATE,
    by_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, kind, subject_id, turn)
);
CREATE TABLE objection (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    publication_id BIGINT NOT NULL REFERENCES publication (id),
    about_id BIGINT NOT NULL,
    about TEXT NOT NULL,
    made_on DATE NOT NULL,
    said_sealed BLOB NOT NULL,
    received_by TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('open', 'stands', 'changed')),
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_on DATE,
    version INTEGER NOT NULL
);
CREATE INDEX objection_by_publication ON objection (office_code, publication_id, id);
