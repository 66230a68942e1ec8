DROP INDEX person_phone_by_mask;
DROP INDEX person_by_initials;
ALTER TABLE person DROP COLUMN name_initials;
