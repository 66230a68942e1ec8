ALTER TABLE bank_difference DROP COLUMN checked_reason;
ALTER TABLE bank_difference DROP COLUMN checked_by;
ALTER TABLE bank_difference DROP COLUMN checked_at;
