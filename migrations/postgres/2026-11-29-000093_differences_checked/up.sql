-- A difference from the bank that somebody has looked into, and what they found.
ALTER TABLE bank_difference ADD COLUMN checked_at TIMESTAMP;
ALTER TABLE bank_difference ADD COLUMN checked_by BIGINT REFERENCES staff (id);
ALTER TABLE bank_difference ADD COLUMN checked_reason TEXT NOT NULL DEFAULT '';
