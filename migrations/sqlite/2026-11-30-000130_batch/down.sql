DROP INDEX loan_by_year;
DROP TABLE disbursement;
DROP TABLE batch_line;
DROP TABLE batch_step;
DROP TABLE batch;
