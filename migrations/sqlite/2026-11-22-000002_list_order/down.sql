DROP INDEX file_position_by_balance;
DROP INDEX loan_file_by_no;
