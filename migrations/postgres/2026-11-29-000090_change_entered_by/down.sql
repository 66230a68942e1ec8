ALTER TABLE sheet_return DROP COLUMN entered_by;
ALTER TABLE contact_change DROP COLUMN asked_by_staff;
