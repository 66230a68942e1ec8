-- Tries to sign in, to get a code, to open a sheet, one row a second: counted within a sliding hour or
-- day by who was tried and where it came from. What went well is taken away again.
CREATE TABLE sign_in_attempt (
    who TEXT NOT NULL,
    origin TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    tries INTEGER NOT NULL CHECK (tries >= 0),
    PRIMARY KEY (who, origin, at)
);
CREATE INDEX sign_in_attempt_by_origin ON sign_in_attempt (origin, at);
DROP TABLE sign_in_guard;
