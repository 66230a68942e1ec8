DROP TABLE new_stage;
