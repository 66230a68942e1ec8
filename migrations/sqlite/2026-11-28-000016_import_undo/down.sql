DROP TABLE import_written;
ALTER TABLE import_job DROP COLUMN undone_by;
ALTER TABLE import_job DROP COLUMN undone_at;
