-- Who is signed in: staff, borrowers and liaisons. The token is only in the cookie; here is its
-- SHA-256. `subject_id` is of the table that `realm` names.
CREATE TABLE session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL CHECK (realm IN ('staff', 'borrower', 'liaison')),
    office_code TEXT NOT NULL REFERENCES office (code),
    subject_id BIGINT NOT NULL,
    file_id BIGINT REFERENCES loan_file (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX session_by_subject ON session (subject_id, realm, revoked_at);

INSERT INTO session
SELECT s.token_hash, 'staff', p.office_code, s.staff_id, NULL, s.csrf, s.created_at, s.seen_at,
       s.expires_at, s.revoked_at, s.address, s.agent
FROM staff_session s JOIN staff p ON p.id = s.staff_id;
INSERT INTO session
SELECT token_hash, 'borrower', office_code, person_id, file_id, csrf, created_at, seen_at,
       expires_at, revoked_at, address, agent
FROM borrower_session;
INSERT INTO session
SELECT token_hash, 'liaison', office_code, liaison_id, NULL, csrf, created_at, seen_at,
       expires_at, revoked_at, address, agent
FROM liaison_session;

DROP TABLE staff_session;
DROP TABLE borrower_session;
DROP TABLE liaison_session;
