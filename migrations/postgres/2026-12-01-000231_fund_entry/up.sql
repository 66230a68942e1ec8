-- 资金登记: money of the state: subsidy (贴息) paid for a settlement day, the risk-compensation fund of a school
-- year, its losses, the reward and what it was spent on. Counts once somebody else has approved it.
CREATE TABLE fund_entry (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL CHECK (kind IN ('subsidy', 'fund', 'loss', 'reward', 'use')),
    year INTEGER NOT NULL,
    settled_on DATE,
    authority TEXT NOT NULL,
    product TEXT NOT NULL,
    purpose TEXT NOT NULL,
    on_day DATE NOT NULL,
    amount_fen BIGINT NOT NULL,
    document TEXT NOT NULL CHECK (document <> ''),
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitted', 'returned', 'refused', 'approved', 'withdrawn')),
    reason TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    decided_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((kind = 'subsidy') = (settled_on IS NOT NULL))
);
CREATE INDEX fund_entry_by_state ON fund_entry (office_code, state, id);
CREATE INDEX fund_entry_by_year ON fund_entry (office_code, kind, year);
