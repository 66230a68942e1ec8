DROP TABLE form_done;
