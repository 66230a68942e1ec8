ALTER TABLE loan_application ADD COLUMN worker_id BIGINT NOT NULL DEFAULT 0;
UPDATE loan_application SET worker_id = COALESCE(staff_id, 0);
ALTER TABLE loan_application DROP COLUMN staff_id;
ALTER TABLE loan_application RENAME COLUMN worker_id TO staff_id;
ALTER TABLE loan_application DROP COLUMN source;
