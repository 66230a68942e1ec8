DROP INDEX loan_by_file;
CREATE INDEX loan_by_file ON loan (office_code, file_id);
