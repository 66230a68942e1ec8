-- 高校回执: tuition and lodging apart, how the desk knows, and what somebody decided.
ALTER TABLE university_receipt ADD COLUMN tuition_fen BIGINT;
ALTER TABLE university_receipt ADD COLUMN lodging_fen BIGINT;
ALTER TABLE university_receipt ADD COLUMN entered_on DATE;
ALTER TABLE university_receipt ADD COLUMN told_by TEXT NOT NULL DEFAULT 'list'
    CHECK (told_by IN ('list', 'certificate', 'sms', 'hand'));
ALTER TABLE university_receipt ADD COLUMN state TEXT NOT NULL DEFAULT 'matched'
    CHECK (state IN ('differs', 'matched', 'accepted', 'rejected'));
ALTER TABLE university_receipt ADD COLUMN contract_on DATE;
ALTER TABLE university_receipt ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE university_receipt ADD COLUMN decided_at TIMESTAMP;
ALTER TABLE university_receipt ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE university_receipt ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
UPDATE university_receipt SET state = 'differs' WHERE mismatch <> '';
CREATE INDEX university_receipt_by_state
    ON university_receipt (office_code, loan_year, state, id);
