DROP TABLE booking;
DROP TABLE counter_day;
