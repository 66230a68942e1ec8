-- 签约受理: one row for each student, loan year and product, in all counties of this database; what was
-- typed is sealed as a whole.
CREATE TABLE loan_application (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_year INTEGER NOT NULL,
    product TEXT NOT NULL CHECK (product IN ('cdb', 'local')),
    person_index BYTEA NOT NULL,
    co_index BYTEA,
    person_id BIGINT REFERENCES person (id),
    file_id BIGINT REFERENCES loan_file (id),
    loan_id BIGINT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    id_mask TEXT NOT NULL,
    university TEXT NOT NULL,
    amount_fen BIGINT,
    is_first BOOLEAN NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'parked', 'submitted', 'returned', 'approved',
        'signed', 'refused', 'withdrawn', 'void')),
    draft_sealed BYTEA NOT NULL,
    contract_no TEXT NOT NULL,
    receipt_code TEXT NOT NULL,
    raised_from_fen BIGINT,
    staff_id BIGINT NOT NULL,
    staff_name TEXT NOT NULL,
    submitted_at TIMESTAMP,
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX loan_application_once ON loan_application (person_index, loan_year, product)
    WHERE state NOT IN ('refused', 'withdrawn', 'void');
CREATE INDEX loan_application_by_state ON loan_application (office_code, loan_year, state, id);
CREATE INDEX loan_application_by_co ON loan_application (co_index);
CREATE INDEX loan_application_by_loan ON loan_application (loan_id);
