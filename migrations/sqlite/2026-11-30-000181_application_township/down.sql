ALTER TABLE loan_application DROP COLUMN township;
