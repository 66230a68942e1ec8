-- The two orders of the overdue page: a page is walked to, instead of sorted out of everybody.
CREATE INDEX overdue_case_by_step ON overdue_case (office_code, next_on, stage_since, file_id)
    WHERE state IN ('open', 'paused');
CREATE INDEX overdue_case_by_weight ON overdue_case (office_code, weight DESC, next_on, file_id)
    WHERE state IN ('open', 'paused');
