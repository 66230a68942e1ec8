-- Reports ask what has changed since they were computed, every page which lenders an office has.
CREATE INDEX loan_by_change ON loan (office_code, product, updated_at);
CREATE INDEX loan_file_by_change ON loan_file (office_code, updated_at);
CREATE INDEX person_by_change ON person (office_code, updated_at);
