-- 需求调查: what a high school's Grade 12 said to the question who wants a loan. A school without a
-- row has not reported.
CREATE TABLE demand_survey (
    office_code TEXT NOT NULL REFERENCES office (code),
    year INTEGER NOT NULL,
    high_school TEXT NOT NULL CHECK (high_school <> ''),
    pupils INTEGER NOT NULL CHECK (pupils > 0),
    willing INTEGER NOT NULL CHECK (willing >= 0),
    undecided INTEGER NOT NULL CHECK (undecided >= 0),
    expected_fen BIGINT CHECK (expected_fen > 0),
    reported_by TEXT NOT NULL,
    reported_on DATE NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (office_code, year, high_school),
    CHECK (willing + undecided <= pupils)
);
