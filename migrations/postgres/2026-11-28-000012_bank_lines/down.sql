ALTER TABLE bank_figure DROP COLUMN event_id;
ALTER TABLE bank_figure DROP COLUMN tells;
ALTER TABLE bank_figure DROP COLUMN paid_fen;
ALTER TABLE bank_figure DROP COLUMN ordinal;
