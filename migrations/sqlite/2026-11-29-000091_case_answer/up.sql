-- Who asked the director and has not looked at the answer yet.
ALTER TABLE overdue_case ADD COLUMN answer_for BIGINT REFERENCES staff (id);
CREATE INDEX overdue_case_answered ON overdue_case (office_code, answer_for)
    WHERE answer_for IS NOT NULL;
