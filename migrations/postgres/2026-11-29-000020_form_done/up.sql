-- Forms that were taken: the same one sent again (a button pressed twice) changes nothing.
CREATE TABLE form_done (
    office_code TEXT NOT NULL REFERENCES office (code),
    form_key TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (office_code, form_key)
);
CREATE INDEX form_done_by_time ON form_done (at);
