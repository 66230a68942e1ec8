-- 归档: where the papers of a family lie that owes nothing any more, and each of them with its pages; none: missing.
CREATE TABLE archive_entry (
    file_id BIGINT NOT NULL PRIMARY KEY REFERENCES loan_file (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    box_name TEXT NOT NULL CHECK (box_name <> ''),
    number INTEGER NOT NULL,
    archived_by TEXT NOT NULL,
    archived_on DATE NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, box_name, number)
);

CREATE TABLE archive_paper (
    file_id BIGINT NOT NULL REFERENCES archive_entry (file_id),
    place INTEGER NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    title TEXT NOT NULL,
    contract_no TEXT NOT NULL,
    on_day DATE NOT NULL,
    pages INTEGER NOT NULL CHECK (pages >= 0),
    PRIMARY KEY (file_id, place)
);
