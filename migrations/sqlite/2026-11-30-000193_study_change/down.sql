DROP TABLE study_change;
