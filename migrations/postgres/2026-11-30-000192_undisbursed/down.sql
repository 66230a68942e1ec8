DROP INDEX loan_position_undisbursed;
