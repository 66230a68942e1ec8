DROP INDEX overdue_case_by_weight;
DROP INDEX overdue_case_by_step;
