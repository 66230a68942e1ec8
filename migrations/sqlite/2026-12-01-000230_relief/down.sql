DROP TABLE relief_line;
DROP TABLE relief;
DELETE FROM posting WHERE kind = 'relief';
DELETE FROM attachment WHERE subject_kind = 'relief';
DELETE FROM objection WHERE publication_id IN (SELECT id FROM publication WHERE kind = 'relief');
DELETE FROM publication WHERE kind = 'relief';
CREATE TABLE posting_kept AS SELECT * FROM posting;
CREATE TABLE attachment_kept AS SELECT * FROM attachment;
CREATE TABLE publication_kept AS SELECT * FROM publication;
CREATE TABLE objection_kept AS SELECT * FROM objection;
DROP TABLE posting;
DROP TABLE attachment;
DROP TABLE objection;
DROP TABLE publication;
CREATE TABLE posting (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    kind TEXT NOT NULL CHECK (kind IN ('correction', 'payment', 'reversal', 'deferral')),
    words TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event <> ''),
    source TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitted', 'returned', 'refused', 'approved', 'withdrawn')),
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX posting_open ON posting (loan_id) WHERE state = 'submitted';
CREATE INDEX posting_of_loan ON posting (office_code, loan_id, id);
CREATE INDEX posting_by_state ON posting (office_code, state, id);
CREATE TABLE attachment (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('application')),
    subject_id BIGINT NOT NULL,
    paper TEXT NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL CHECK (media IN ('image/jpeg', 'application/pdf')),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    added_by TEXT NOT NULL,
    added_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP,
    removed_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1
);
-- The same scan once for the same paper.
CREATE UNIQUE INDEX attachment_once ON attachment (office_code, subject_kind, subject_id, paper, hash)
    WHERE removed_at IS NULL;
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
INSERT INTO posting SELECT * FROM posting_kept;
DROP TABLE posting_kept;
INSERT INTO attachment SELECT * FROM attachment_kept;
DROP TABLE attachment_kept;
INSERT INTO publication SELECT * FROM publication_kept;
DROP TABLE publication_kept;
INSERT INTO objection SELECT * FROM objection_kept;
DROP TABLE objection_kept;
