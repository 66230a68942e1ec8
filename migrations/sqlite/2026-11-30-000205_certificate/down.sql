DROP INDEX loan_position_settled;
DROP TABLE certificate_line;
DROP TABLE certificate;
