DROP TABLE posting;
ALTER TABLE bank_difference DROP COLUMN cause;
