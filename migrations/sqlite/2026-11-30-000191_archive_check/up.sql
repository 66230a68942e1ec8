-- 归档检查: what somebody has seen on the papers of a contract, and what was missing then.
CREATE TABLE archive_check (
    application_id INTEGER NOT NULL PRIMARY KEY REFERENCES loan_application (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    student_signed BOOLEAN NOT NULL,
    co_signed BOOLEAN NOT NULL,
    office_signed BOOLEAN NOT NULL,
    stamped BOOLEAN NOT NULL,
    applied_on DATE,
    signed_on DATE,
    approved_on DATE,
    missing TEXT NOT NULL,
    checked_by TEXT NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL
);
