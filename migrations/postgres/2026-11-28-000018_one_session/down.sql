CREATE TABLE staff_session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX staff_session_by_staff ON staff_session (staff_id, revoked_at);
CREATE TABLE borrower_session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    file_id BIGINT REFERENCES loan_file (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX borrower_session_by_person ON borrower_session (person_id, revoked_at);
CREATE TABLE liaison_session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    liaison_id BIGINT NOT NULL REFERENCES liaison (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX liaison_session_by_liaison ON liaison_session (liaison_id, revoked_at);

INSERT INTO staff_session
SELECT token_hash, subject_id, csrf, created_at, seen_at, expires_at, revoked_at, address, agent
FROM session WHERE realm = 'staff';
INSERT INTO borrower_session
SELECT token_hash, office_code, subject_id, file_id, csrf, created_at, seen_at, expires_at,
       revoked_at, address, agent
FROM session WHERE realm = 'borrower';
INSERT INTO liaison_session
SELECT token_hash, office_code, subject_id, csrf, created_at, seen_at, expires_at, revoked_at,
       address, agent
FROM session WHERE realm = 'liaison';
DROP TABLE session;
