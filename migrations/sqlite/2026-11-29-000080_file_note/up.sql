-- What somebody notes on a loan file for whoever opens it next; never changed.
CREATE TABLE file_note (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    note TEXT NOT NULL CHECK (note <> ''),
    staff_id BIGINT REFERENCES staff (id),
    by_name TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX file_note_by_file ON file_note (office_code, file_id, id);
