-- Who decided a pre-application and when; what a school enters itself. Rows that no import brought have
-- import_id 0.
ALTER TABLE preapplication ADD COLUMN holds_grant BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE preapplication ADD COLUMN is_draft BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE preapplication ADD COLUMN entered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE preapplication ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE preapplication ADD COLUMN decided_at TIMESTAMP;
ALTER TABLE preapplication ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
