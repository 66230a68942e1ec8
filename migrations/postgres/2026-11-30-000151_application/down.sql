DROP TABLE loan_application;
