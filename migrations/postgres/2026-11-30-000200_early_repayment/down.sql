DROP TABLE early_repayment;
