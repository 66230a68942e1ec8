-- The list of loan files by balance is read page by page in the order of an index; without it
-- every page sorted the whole office.
CREATE INDEX file_position_by_balance ON file_position (office_code, outstanding_fen, file_id);
