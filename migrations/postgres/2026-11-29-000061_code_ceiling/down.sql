DROP INDEX borrower_code_by_time;
