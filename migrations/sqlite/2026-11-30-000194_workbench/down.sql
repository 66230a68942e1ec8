DROP INDEX file_position_settled;
DROP INDEX loan_file_by_graduation;
