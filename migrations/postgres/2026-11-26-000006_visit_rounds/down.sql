DROP TABLE visit_stop;
DROP TABLE visit_round;
