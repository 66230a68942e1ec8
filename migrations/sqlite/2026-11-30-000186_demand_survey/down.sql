DROP TABLE demand_survey;
