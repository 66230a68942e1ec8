-- Back to one number in the whole database; refused when two offices use the same.
DROP INDEX loan_file_by_no;
CREATE INDEX loan_file_by_no ON loan_file (office_code, file_no);
ALTER TABLE loan_file ADD CONSTRAINT loan_file_file_no_key UNIQUE (file_no);
