-- Which families have a contract of a school year is asked by lists of some thousand families: with
-- the year in the index, no row of loan is read for it.
DROP INDEX loan_by_file;
CREATE INDEX loan_by_file ON loan (office_code, file_id, loan_year);
