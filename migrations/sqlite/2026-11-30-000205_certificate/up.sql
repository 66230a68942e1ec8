-- 结清证明 (certificate) and 非恶意欠款证明 (letter): numbered papers about contracts that are paid off, with the
-- figures they were issued with. A void one keeps its number. `check_key` is a hash of number and check code: the
-- public page looks for it alone, so it cannot tell an unknown number from a wrong code; a letter has none.
CREATE TABLE certificate (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    loan_id BIGINT REFERENCES loan (id),
    kind TEXT NOT NULL CHECK (kind IN ('settled', 'letter')),
    number TEXT NOT NULL CHECK (number <> ''),
    check_code TEXT NOT NULL,
    check_key TEXT UNIQUE,
    cause TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('valid', 'void')),
    issued_on DATE NOT NULL,
    issued_by TEXT NOT NULL,
    copies INTEGER NOT NULL CHECK (copies > 0),
    reason TEXT NOT NULL,
    voided_by TEXT NOT NULL,
    voided_at TIMESTAMP,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, number)
);
CREATE INDEX certificate_of_file ON certificate (office_code, file_id);
CREATE UNIQUE INDEX certificate_of_loan ON certificate (loan_id, kind) WHERE state = 'valid' AND loan_id IS NOT NULL;
CREATE UNIQUE INDEX certificate_of_all ON certificate (file_id, kind) WHERE state = 'valid' AND loan_id IS NULL;

-- A contract on a certificate, as it was on the day of issue.
CREATE TABLE certificate_line (
    certificate_id BIGINT NOT NULL REFERENCES certificate (id),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    contract_no TEXT NOT NULL,
    loan_year INTEGER NOT NULL,
    disbursed_fen BIGINT NOT NULL,
    settled_on DATE NOT NULL,
    PRIMARY KEY (certificate_id, loan_id)
);
CREATE INDEX certificate_line_of_loan ON certificate_line (loan_id);
CREATE INDEX loan_position_settled ON loan_position (office_code, settled_on) WHERE settled_on IS NOT NULL;
