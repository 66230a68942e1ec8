-- Which heading stands for which column, as somebody chose it; the same headings are bound by it again.
CREATE TABLE import_profile (
    office_code TEXT NOT NULL REFERENCES office (code),
    headings_key TEXT NOT NULL,
    layout TEXT NOT NULL,
    bindings TEXT NOT NULL,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (office_code, headings_key)
);

-- What the check found out about the sheet as a whole: its columns, what is out of the ordinary, and
-- whether somebody has confirmed that.
ALTER TABLE import_job ADD COLUMN bindings TEXT NOT NULL DEFAULT '';
ALTER TABLE import_job ADD COLUMN findings TEXT NOT NULL DEFAULT '';
ALTER TABLE import_job ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT false;

-- Whom and how much a line is about, and whether somebody should look at it.
ALTER TABLE import_row ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE import_row ADD COLUMN amount_fen BIGINT;
ALTER TABLE import_row ADD COLUMN warned BOOLEAN NOT NULL DEFAULT false;
