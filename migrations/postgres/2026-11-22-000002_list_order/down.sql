DROP INDEX file_position_by_balance;
