-- 名单比对: lists of other offices. Of the people on a list only the blind indexes of their numbers are
-- there, and only as long as the list is in force.
CREATE TABLE matching_list (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    counts BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    file_name TEXT NOT NULL,
    lines INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    unreadable INTEGER NOT NULL,
    unreadable_places TEXT NOT NULL,
    received_by TEXT NOT NULL,
    received_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    removed_on DATE,
    removed_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX matching_list_by_office ON matching_list (office_code, removed_on, id);
-- One number in one cell of a list.
CREATE TABLE matching_entry (
    list_id BIGINT NOT NULL REFERENCES matching_list (id),
    sheet INTEGER NOT NULL,
    line INTEGER NOT NULL,
    col INTEGER NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    is_member BOOLEAN NOT NULL,
    id_index BYTEA NOT NULL,
    PRIMARY KEY (list_id, sheet, line, col)
);
CREATE INDEX matching_entry_by_person ON matching_entry (office_code, id_index);
-- A pupil who stands on a list; what the school has answered outlives the list.
CREATE TABLE matching_hit (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    list_id BIGINT NOT NULL REFERENCES matching_list (id),
    id_index BYTEA NOT NULL,
    id_mask TEXT NOT NULL,
    name TEXT NOT NULL,
    school TEXT NOT NULL,
    class_name TEXT NOT NULL,
    sheet INTEGER NOT NULL,
    line INTEGER NOT NULL,
    col INTEGER NOT NULL,
    is_member BOOLEAN NOT NULL,
    found_on DATE NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('open', 'at_school', 'guest', 'suspended', 'moved',
        'wrong', 'gave_up')),
    note TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    answered_on DATE,
    version INTEGER NOT NULL,
    UNIQUE (office_code, year, kind, id_index, school)
);
CREATE INDEX matching_hit_by_list ON matching_hit (list_id);
CREATE INDEX matching_hit_by_year ON matching_hit (office_code, year, id);
