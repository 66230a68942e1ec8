-- The director who allowed amounts on papers for villages, schools and police stations; empty: papers
-- say that something is due, and no more.
ALTER TABLE office ADD COLUMN amounts_on_papers_by TEXT NOT NULL DEFAULT '';
