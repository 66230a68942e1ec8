CREATE TABLE sign_in_guard (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    locked_until TIMESTAMP,
    updated_at TIMESTAMP NOT NULL
);
DROP TABLE sign_in_attempt;
