ALTER TABLE import_row DROP COLUMN warned;
ALTER TABLE import_row DROP COLUMN amount_fen;
ALTER TABLE import_row DROP COLUMN name;
ALTER TABLE import_job DROP COLUMN confirmed;
ALTER TABLE import_job DROP COLUMN findings;
ALTER TABLE import_job DROP COLUMN bindings;
DROP TABLE import_profile;
