DROP INDEX person_by_change;
DROP INDEX loan_file_by_change;
DROP INDEX loan_by_change;
