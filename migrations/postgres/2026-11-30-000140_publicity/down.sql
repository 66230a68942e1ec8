DROP TABLE objection;
DROP TABLE publication;
