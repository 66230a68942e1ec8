DROP INDEX file_position_by_awaiting;
ALTER TABLE file_position DROP COLUMN awaiting_on;
ALTER TABLE file_position DROP COLUMN awaiting_fen;
ALTER TABLE loan_position DROP COLUMN bank_settled_on;
ALTER TABLE loan_position DROP COLUMN known_until;
ALTER TABLE loan_position DROP COLUMN awaiting_on;
ALTER TABLE loan_position DROP COLUMN awaiting_fen;
DROP TABLE payments_known;
