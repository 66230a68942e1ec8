-- How many codes left within an hour or a day.
CREATE INDEX borrower_code_by_time ON borrower_code (created_at);
