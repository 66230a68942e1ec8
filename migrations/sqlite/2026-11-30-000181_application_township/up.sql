-- The township of an application, for the totals of a season; empty in those of before.
ALTER TABLE loan_application ADD COLUMN township TEXT NOT NULL DEFAULT '';
