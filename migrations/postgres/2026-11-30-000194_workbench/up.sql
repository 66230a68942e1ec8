-- What the workbench counts on every change: who graduated this year, who settled this year.
CREATE INDEX loan_file_by_graduation ON loan_file (office_code, graduates_on);
CREATE INDEX file_position_settled ON file_position (office_code, settled_on) WHERE settled_on IS NOT NULL;
