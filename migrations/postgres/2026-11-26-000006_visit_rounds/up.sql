-- A day on which two visitors go to families together: the sheets they take along, in order. What
-- they find comes back as a return of the sheet; here is only the plan.

CREATE TABLE visit_round (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    on_day DATE NOT NULL,
    title TEXT NOT NULL,
    first_id BIGINT NOT NULL REFERENCES staff (id),
    first_name TEXT NOT NULL,
    second_id BIGINT REFERENCES staff (id),
    second_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    closed_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE INDEX visit_round_by_day ON visit_round (office_code, on_day, id);

-- One household of a round. no never changes and names it on a phone that is offline; place is
-- where it comes in the day and may change.
CREATE TABLE visit_stop (
    round_id BIGINT NOT NULL REFERENCES visit_round (id),
    no INTEGER NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    place INTEGER NOT NULL,
    sheet_id BIGINT NOT NULL REFERENCES sheet (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'passed')),
    done_at TIMESTAMP,
    command_key TEXT,
    PRIMARY KEY (round_id, no),
    UNIQUE (round_id, sheet_id),
    UNIQUE (office_code, command_key)
);
CREATE INDEX visit_stop_by_sheet ON visit_stop (sheet_id);
