DROP TABLE archive_paper;
DROP TABLE archive_entry;
