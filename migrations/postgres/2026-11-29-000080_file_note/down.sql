DROP TABLE file_note;
