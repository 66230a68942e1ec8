-- 复核: what one person has proposed, another decides; a subject has one row, whose rounds count up.
CREATE TABLE review (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL CHECK (kind <> ''),
    subject_id BIGINT NOT NULL,
    link TEXT NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    amount_fen BIGINT,
    content TEXT NOT NULL,
    exceptions TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'returned', 'refused', 'approved', 'withdrawn')),
    round INTEGER NOT NULL,
    author_id BIGINT NOT NULL,
    author_name TEXT NOT NULL,
    proposed_at TIMESTAMP NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at TIMESTAMP,
    urged INTEGER NOT NULL,
    step TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP,
    version INTEGER NOT NULL,
    UNIQUE (kind, subject_id)
);
CREATE INDEX review_by_state ON review (office_code, state, proposed_at, id);
-- What a person saw of a round.
CREATE TABLE review_look (
    review_id BIGINT NOT NULL REFERENCES review (id),
    staff_id BIGINT NOT NULL,
    round INTEGER NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    content TEXT NOT NULL,
    looked_at TIMESTAMP NOT NULL,
    PRIMARY KEY (review_id, staff_id, round)
);
