-- The member of staff who wrote down what somebody passed on: another one accepts it.
ALTER TABLE contact_change ADD COLUMN asked_by_staff BIGINT REFERENCES staff (id);
-- The member of staff who typed in what is on a paper or was said on the telephone.
ALTER TABLE sheet_return ADD COLUMN entered_by BIGINT REFERENCES staff (id);
