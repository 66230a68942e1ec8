-- 提前还款: a request to repay a contract, or part of it, on a settling day of the bank, until the bank has
-- answered. One open request for a contract; part_fen is empty for the whole of it.
CREATE TABLE early_repayment (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'paid', 'unpaid', 'lapsed', 'withdrawn')),
    part_fen BIGINT CHECK (part_fen > 0),
    requester TEXT NOT NULL CHECK (requester IN ('student', 'co_borrower')),
    source TEXT NOT NULL CHECK (source IN ('desk', 'phone')),
    requested_on DATE NOT NULL,
    settles_on DATE NOT NULL,
    needed_fen BIGINT NOT NULL,
    sent_on DATE,
    is_debited BOOLEAN,
    debited_on DATE,
    debited_fen BIGINT,
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX early_repayment_open ON early_repayment (loan_id) WHERE state IN ('open', 'answered');
CREATE INDEX early_repayment_by_state ON early_repayment (office_code, state, settles_on);
CREATE INDEX early_repayment_of_file ON early_repayment (office_code, file_id);
