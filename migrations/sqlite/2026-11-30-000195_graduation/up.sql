-- 毕业确认 is also written down at the counter and by the borrower: which way it came, by whom, and what
-- the lists of universities do not say. Telephones are among the family's numbers, not here.
ALTER TABLE graduation ADD COLUMN way TEXT NOT NULL DEFAULT 'upload' CHECK (way IN ('upload', 'desk', 'phone'));
ALTER TABLE graduation ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN confirmed_at TIMESTAMP;
ALTER TABLE graduation ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN qq TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN postcode TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN employer TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN employer_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN employer_address TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN next_school TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN contact_name TEXT NOT NULL DEFAULT '';
ALTER TABLE graduation ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX graduation_by_day ON graduation (office_code, graduated_on);
-- Whose contracts end in a year, whatever the file says.
CREATE INDEX loan_by_subsidy_end ON loan (office_code, subsidy_ends_on, file_id);
