DROP TABLE hardship_step;
DROP TABLE hardship_application;
DROP TABLE hardship_round;
