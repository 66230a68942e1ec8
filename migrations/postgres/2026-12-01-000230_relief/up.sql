ALTER TABLE posting DROP CONSTRAINT posting_kind_check;
ALTER TABLE posting ADD CONSTRAINT posting_kind_check CHECK (kind IN ('correction', 'payment', 'reversal', 'deferral', 'relief'));
ALTER TABLE attachment DROP CONSTRAINT attachment_subject_kind_check;
ALTER TABLE attachment ADD CONSTRAINT attachment_subject_kind_check CHECK (subject_kind IN ('application', 'relief'));
ALTER TABLE publication DROP CONSTRAINT publication_kind_check;
ALTER TABLE publication ADD CONSTRAINT publication_kind_check CHECK (kind IN ('hardship', 'relief'));
-- 还款救助: an application of a family, from the county's review over publicity, city and province to the money.
-- One at a time for a file. class is the code of policies/relief/.
CREATE TABLE relief (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    class TEXT NOT NULL CHECK (class <> ''),
    class_name TEXT NOT NULL,
    applicant TEXT NOT NULL CHECK (applicant IN ('student', 'co_borrower', 'relative')),
    applicant_name TEXT NOT NULL,
    happened_on DATE NOT NULL,
    cost_fen BIGINT CHECK (cost_fen > 0),
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'submitted', 'passed', 'public', 'cleared', 'city', 'province',
        'granted', 'paying', 'paid', 'refused', 'withdrawn')),
    applied_on DATE NOT NULL,
    city_on DATE,
    province_on DATE,
    granted_on DATE,
    document TEXT NOT NULL,
    paid_on DATE,
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX relief_open ON relief (file_id) WHERE state NOT IN ('paid', 'refused', 'withdrawn');
CREATE INDEX relief_by_state ON relief (office_code, state, id);
CREATE INDEX relief_of_file ON relief (office_code, file_id);
-- What is asked for a contract, and what the fund has paid.
CREATE TABLE relief_line (
    relief_id BIGINT NOT NULL REFERENCES relief (id),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    asked_fen BIGINT NOT NULL CHECK (asked_fen > 0),
    paid_fen BIGINT CHECK (paid_fen > 0),
    posting_id BIGINT REFERENCES posting (id),
    PRIMARY KEY (relief_id, loan_id)
);
CREATE INDEX relief_line_of_loan ON relief_line (office_code, loan_id);
