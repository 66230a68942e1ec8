-- Who began an application: the desk, or the family on the phone pages. Of the latter nobody has
-- worked on it until somebody of the desk takes it.
ALTER TABLE loan_application ADD COLUMN source TEXT NOT NULL DEFAULT 'desk' CHECK (source IN ('desk', 'phone'));
ALTER TABLE loan_application ADD COLUMN worker_id BIGINT;
UPDATE loan_application SET worker_id = staff_id;
ALTER TABLE loan_application DROP COLUMN staff_id;
ALTER TABLE loan_application RENAME COLUMN worker_id TO staff_id;
