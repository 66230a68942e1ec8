-- The number of a file is unique in its office, not in the whole database: two offices may have the
-- same letters. The table is made anew under its own name, since SQLite cannot drop a key; keys that
-- point to it are looked at again when it is there. Done twice it comes to the same.
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE loan_file_kept AS SELECT * FROM loan_file;
DROP TABLE loan_file;
CREATE TABLE loan_file (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_no TEXT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    co_person_id BIGINT REFERENCES person (id),
    co_relation TEXT NOT NULL DEFAULT '',
    high_school TEXT NOT NULL DEFAULT '',
    university TEXT NOT NULL DEFAULT '',
    university_code TEXT NOT NULL DEFAULT '',
    major TEXT NOT NULL DEFAULT '',
    student_number TEXT NOT NULL DEFAULT '',
    degree TEXT NOT NULL DEFAULT '',
    school_years INTEGER,
    entered_on DATE,
    graduates_on DATE,
    family_kind TEXT NOT NULL DEFAULT '',
    hardship_level TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    owner_id BIGINT REFERENCES staff (id),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, person_id)
);
INSERT INTO loan_file (
    id, office_code, file_no, person_id, co_person_id, co_relation, high_school, university,
    university_code, major, student_number, degree, school_years, entered_on, graduates_on,
    family_kind, hardship_level, note, owner_id, created_at, updated_at, version
) SELECT
    id, office_code, file_no, person_id, co_person_id, co_relation, high_school, university,
    university_code, major, student_number, degree, school_years, entered_on, graduates_on,
    family_kind, hardship_level, note, owner_id, created_at, updated_at, version
FROM loan_file_kept ORDER BY id;
DROP TABLE loan_file_kept;
CREATE UNIQUE INDEX loan_file_by_no ON loan_file (office_code, file_no);
CREATE INDEX loan_file_by_school ON loan_file (office_code, high_school);
CREATE INDEX loan_file_by_co ON loan_file (office_code, co_person_id);
CREATE INDEX loan_file_by_student_number ON loan_file (office_code, student_number);

-- They went with the table; see 000010.
CREATE TRIGGER overdue_family_of_file
AFTER UPDATE OF high_school, university, graduates_on ON loan_file
BEGIN UPDATE overdue_family SET high_school = NEW.high_school, university = NEW.university,
    graduates_on = NEW.graduates_on
WHERE file_id = NEW.id; END;
CREATE TRIGGER overdue_family_of_another AFTER UPDATE OF person_id ON loan_file
WHEN OLD.person_id <> NEW.person_id
BEGIN DELETE FROM overdue_family WHERE file_id = NEW.id;
INSERT INTO overdue_family (file_id, case_id, office_code, person_id, name_key, id_mask,
    township, police_station, high_school, university, graduates_on)
SELECT f.id, c.id, c.office_code, p.id, p.name_key, p.id_mask,
    p.township, p.police_station, f.high_school, f.university, f.graduates_on
FROM loan_file f JOIN person p ON p.id = f.person_id
JOIN overdue_case c ON c.file_id = f.id WHERE c.state <> 'closed' AND f.id = NEW.id; END;
COMMIT;
PRAGMA foreign_keys = ON;
