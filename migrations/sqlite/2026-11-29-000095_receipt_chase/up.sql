-- Whom to ask at a university for receipts, and when who asked.
CREATE TABLE university_contact (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    university TEXT NOT NULL,
    person TEXT NOT NULL,
    phone TEXT NOT NULL,
    email TEXT NOT NULL,
    address TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, university)
);
CREATE TABLE receipt_chase (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    university TEXT NOT NULL,
    loan_year INTEGER NOT NULL,
    on_day DATE NOT NULL,
    by_name TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('phone', 'letter', 'email')),
    result TEXT NOT NULL
);
CREATE INDEX receipt_chase_by_year ON receipt_chase (office_code, loan_year, id);
