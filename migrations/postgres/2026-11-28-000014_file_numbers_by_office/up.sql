-- The number of a file is unique in its office, not in the whole database: two offices may have the
-- same letters.
ALTER TABLE loan_file DROP CONSTRAINT loan_file_file_no_key;
DROP INDEX loan_file_by_no;
CREATE UNIQUE INDEX loan_file_by_no ON loan_file (office_code, file_no);
