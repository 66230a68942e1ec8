DROP TRIGGER overdue_family_of_another;
DROP TRIGGER overdue_family_of_file;
DROP TRIGGER overdue_family_of_person;
DROP TRIGGER overdue_family_ends;
DROP TRIGGER overdue_family_returns;
DROP TRIGGER overdue_family_begins;
DROP TABLE overdue_family;
