DROP TABLE fund_entry;
