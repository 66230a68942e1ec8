-- How far the payments of a lender are known: by a list that covers all its contracts, by a
-- declaration, or, for one day, by the director going ahead without either. Never deleted: what does
-- not hold any more is withdrawn.
CREATE TABLE payments_known (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    product TEXT NOT NULL CHECK (product IN ('cdb', 'local')),
    source TEXT NOT NULL CHECK (source IN ('list', 'declaration', 'go_ahead')),
    known_until DATE NOT NULL,
    import_id BIGINT,
    reason TEXT NOT NULL DEFAULT '',
    by_name TEXT NOT NULL DEFAULT '',
    recorded_at TIMESTAMP NOT NULL,
    withdrawn_at TIMESTAMP,
    withdrawn_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX payments_known_by_office ON payments_known (office_code, product, known_until);

-- What fell due after that day and is open: neither paid nor overdue. And the day of the bank's list
-- that says of a contract that nothing is owed any more.
ALTER TABLE loan_position ADD COLUMN awaiting_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE loan_position ADD COLUMN awaiting_on DATE;
ALTER TABLE loan_position ADD COLUMN known_until DATE;
ALTER TABLE loan_position ADD COLUMN bank_settled_on DATE;
ALTER TABLE file_position ADD COLUMN awaiting_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE file_position ADD COLUMN awaiting_on DATE;
CREATE INDEX file_position_by_awaiting ON file_position (office_code, awaiting_on, file_id);

-- Every position of a loan that is being repaid is computed anew by the next night.
UPDATE loan_position SET changes_on = as_of WHERE stage IN ('grace', 'repaying');
