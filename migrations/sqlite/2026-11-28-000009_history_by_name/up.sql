-- What somebody who is not staff did (a liaison, a job) is asked for by name.
CREATE INDEX history_by_name ON history (office_code, staff_name, id) WHERE staff_id IS NULL;
