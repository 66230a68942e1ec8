ALTER TABLE preapplication DROP COLUMN version;
ALTER TABLE preapplication DROP COLUMN decided_at;
ALTER TABLE preapplication DROP COLUMN decided_by;
ALTER TABLE preapplication DROP COLUMN entered_by;
ALTER TABLE preapplication DROP COLUMN is_draft;
ALTER TABLE preapplication DROP COLUMN holds_grant;
