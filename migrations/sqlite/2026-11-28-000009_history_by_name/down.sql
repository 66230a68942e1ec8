DROP INDEX history_by_name;
