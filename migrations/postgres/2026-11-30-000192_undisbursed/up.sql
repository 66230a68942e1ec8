-- Few contracts have no money yet: the lists of those who wait for it read these alone.
CREATE INDEX loan_position_undisbursed ON loan_position (office_code, loan_id) WHERE stage = 'undisbursed';
