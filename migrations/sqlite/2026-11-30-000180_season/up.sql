-- 年度开办: from which day to which an office takes applications of a school year. A year without a
-- row in which applications exist counts as opened (src/book/season.rs): a county that upgrades in
-- mid-season goes on.
CREATE TABLE season (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    year INTEGER NOT NULL CHECK (year >= 2000 AND year <= 2100),
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    opens_on DATE NOT NULL,
    closes_on DATE NOT NULL CHECK (closes_on >= opens_on),
    by_name TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (office_code, year)
);
