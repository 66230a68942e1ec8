ALTER TABLE office DROP COLUMN amounts_on_papers_by;
