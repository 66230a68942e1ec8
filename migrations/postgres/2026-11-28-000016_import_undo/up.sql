-- What each import has written, so that it can be undone as a whole: the row, a hash of what the
-- import left there, and, sealed, what stood there before.
CREATE TABLE import_written (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    import_id BIGINT NOT NULL REFERENCES import_job (id),
    kind TEXT NOT NULL CHECK (kind IN ('person', 'phone', 'file', 'loan', 'event', 'figure',
        'recognition', 'preapplication', 'graduation', 'enlistment', 'receipt', 'month')),
    row_id BIGINT NOT NULL,
    left_hash BYTEA NOT NULL,
    before_sealed BYTEA
);
CREATE INDEX import_written_by_import ON import_written (import_id, id);

ALTER TABLE import_job ADD COLUMN undone_at TIMESTAMP;
ALTER TABLE import_job ADD COLUMN undone_by TEXT NOT NULL DEFAULT '';
