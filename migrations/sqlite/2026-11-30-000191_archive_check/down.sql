DROP TABLE archive_check;
