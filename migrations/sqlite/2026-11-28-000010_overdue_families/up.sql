-- What lists of overdue cases ask of families: names, places, schools. To look some thousand families
-- up in the tables of a whole county costs more than all the rest of the page; here they lie side by
-- side. One row for each case that is not closed, kept by the triggers below and by nothing else.
CREATE TABLE overdue_family (
    file_id INTEGER NOT NULL PRIMARY KEY,
    case_id BIGINT NOT NULL UNIQUE REFERENCES overdue_case (id) ON DELETE CASCADE,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    name_key TEXT NOT NULL,
    id_mask TEXT NOT NULL,
    township TEXT NOT NULL,
    police_station TEXT NOT NULL,
    high_school TEXT NOT NULL,
    university TEXT NOT NULL,
    graduates_on DATE
);
CREATE INDEX overdue_family_by_office ON overdue_family (office_code);
CREATE INDEX overdue_family_by_person ON overdue_family (person_id);

INSERT INTO overdue_family (file_id, case_id, office_code, person_id, name_key, id_mask,
    township, police_station, high_school, university, graduates_on)
SELECT f.id, c.id, c.office_code, p.id, p.name_key, p.id_mask,
    p.township, p.police_station, f.high_school, f.university, f.graduates_on
FROM loan_file f JOIN person p ON p.id = f.person_id
JOIN overdue_case c ON c.file_id = f.id WHERE c.state <> 'closed';

CREATE TRIGGER overdue_family_begins AFTER INSERT ON overdue_case WHEN NEW.state <> 'closed'
BEGIN INSERT INTO overdue_family (file_id, case_id, office_code, person_id, name_key, id_mask,
    township, police_station, high_school, university, graduates_on)
SELECT f.id, NEW.id, NEW.office_code, p.id, p.name_key, p.id_mask,
    p.township, p.police_station, f.high_school, f.university, f.graduates_on
FROM loan_file f JOIN person p ON p.id = f.person_id WHERE f.id = NEW.file_id; END;
CREATE TRIGGER overdue_family_returns AFTER UPDATE OF state ON overdue_case
WHEN OLD.state = 'closed' AND NEW.state <> 'closed'
BEGIN INSERT INTO overdue_family (file_id, case_id, office_code, person_id, name_key, id_mask,
    township, police_station, high_school, university, graduates_on)
SELECT f.id, NEW.id, NEW.office_code, p.id, p.name_key, p.id_mask,
    p.township, p.police_station, f.high_school, f.university, f.graduates_on
FROM loan_file f JOIN person p ON p.id = f.person_id WHERE f.id = NEW.file_id; END;
CREATE TRIGGER overdue_family_ends AFTER UPDATE OF state ON overdue_case
WHEN OLD.state <> 'closed' AND NEW.state = 'closed'
BEGIN DELETE FROM overdue_family WHERE file_id = NEW.file_id; END;
CREATE TRIGGER overdue_family_of_person
AFTER UPDATE OF name_key, id_mask, township, police_station ON person
BEGIN UPDATE overdue_family SET name_key = NEW.name_key, id_mask = NEW.id_mask,
    township = NEW.township, police_station = NEW.police_station
WHERE person_id = NEW.id; END;
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
