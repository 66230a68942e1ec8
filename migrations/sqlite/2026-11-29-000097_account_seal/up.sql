-- Who may sign in and do what, as this program wrote it: a keyed fingerprint of each account of staff
-- and liaisons, so that a change made in the database itself shows. The first start makes those of
-- older accounts.
CREATE TABLE account_seal (
    account_id  INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    seal        BLOB NOT NULL
);
CREATE INDEX account_seal_by_office ON account_seal (office_code);
