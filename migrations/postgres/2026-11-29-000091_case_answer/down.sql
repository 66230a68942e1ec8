DROP INDEX overdue_case_answered;
ALTER TABLE overdue_case DROP COLUMN answer_for;
