-- A line of the bank's repayment list is known by contract, due day, day paid and its place among
-- the lines of that day, and knows the event that stands for it. Lines from before are given both.
ALTER TABLE bank_figure ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 1;
ALTER TABLE bank_figure ADD COLUMN paid_fen BIGINT NOT NULL DEFAULT 0;
-- How much the list that brought it says: this line only, all of its instalment, or all there is.
ALTER TABLE bank_figure ADD COLUMN tells TEXT NOT NULL DEFAULT 'line'
    CHECK (tells IN ('line', 'instalment', 'list'));
ALTER TABLE bank_figure ADD COLUMN event_id BIGINT REFERENCES loan_event (id);

UPDATE bank_figure
SET ordinal = (
    SELECT COUNT(*) FROM bank_figure AS other
    WHERE other.office_code = bank_figure.office_code AND other.loan_id = bank_figure.loan_id
        AND other.sheet = 'repayments'
        AND other.due_on = bank_figure.due_on AND other.paid_on IS bank_figure.paid_on
        AND (COALESCE(other.balance_fen, -1) > COALESCE(bank_figure.balance_fen, -1)
            OR (COALESCE(other.balance_fen, -1) = COALESCE(bank_figure.balance_fen, -1)
                AND other.id <= bank_figure.id))
)
WHERE sheet = 'repayments';

UPDATE bank_figure
SET event_id = (
    SELECT MAX(e.id) FROM loan_event AS e
    WHERE e.office_code = bank_figure.office_code AND e.loan_id = bank_figure.loan_id
        AND e.kind IN ('paid', 'prepaid', 'compensated')
        AND substr(e.command_key, 1, length(bank_figure.row_key) + 1) = bank_figure.row_key || ':'
        AND NOT EXISTS (
            SELECT 1 FROM loan_event AS r
            WHERE r.office_code = e.office_code AND r.loan_id = e.loan_id AND r.reverses_id = e.id
        )
)
WHERE sheet = 'repayments';

UPDATE bank_figure
SET paid_fen = COALESCE(
    (SELECT e.amount_fen FROM loan_event AS e
        WHERE e.id = bank_figure.event_id AND e.kind <> 'prepaid'),
    paid_principal_fen + paid_interest_fen + paid_penalty_fen
)
WHERE sheet = 'repayments';
