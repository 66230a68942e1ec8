-- Liaisons of villages, schools and police stations: accounts of a realm of their own, beside staff.
-- They see the sheets of their own place and nothing else.

CREATE TABLE liaison (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL CHECK (kind IN ('village', 'school', 'police')),
    township TEXT NOT NULL,
    place TEXT NOT NULL,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    phone_sealed BLOB,
    phone_mask TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    own_password BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    amounts_allowed_by TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    last_signed_in_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE INDEX liaison_by_place ON liaison (office_code, kind, township, place);

-- A signed-in phone or computer of a liaison; the token is only in the cookie.
CREATE TABLE liaison_session (
    token_hash BLOB NOT NULL PRIMARY KEY,
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
