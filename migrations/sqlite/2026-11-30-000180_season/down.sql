DROP TABLE season;
