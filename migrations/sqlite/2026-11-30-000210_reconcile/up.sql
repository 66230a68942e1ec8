-- 与银行核对: what makes the figures of a contract equal to the bank's, as far as it could be tried out.
ALTER TABLE bank_difference ADD COLUMN cause TEXT;
-- 记账: an event that somebody wants recorded, until somebody else has approved it. One at a time for a contract.
CREATE TABLE posting (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    kind TEXT NOT NULL CHECK (kind IN ('correction', 'payment', 'reversal', 'deferral')),
    words TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event <> ''),
    source TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitted', 'returned', 'refused', 'approved', 'withdrawn')),
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX posting_open ON posting (loan_id) WHERE state = 'submitted';
CREATE INDEX posting_of_loan ON posting (office_code, loan_id, id);
CREATE INDEX posting_by_state ON posting (office_code, state, id);
