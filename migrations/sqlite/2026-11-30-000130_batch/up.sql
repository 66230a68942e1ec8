-- 批次: lists that go to a receiver, who answers them line by line. Kinds are the program's: this
-- mechanism does not know what money of a kind is.
CREATE TABLE batch (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('draft', 'frozen', 'approved', 'sent', 'answered', 'closed', 'dropped')),
    repeats_id BIGINT REFERENCES batch (id),
    lines INTEGER NOT NULL,
    sum_fen BIGINT NOT NULL,
    seal TEXT NOT NULL,
    frozen_by_id BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (office_code, kind, year, serial),
    CHECK (state IN ('draft', 'dropped') OR seal <> '')
);

-- What was done with a batch; never changed.
CREATE TABLE batch_step (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    batch_id BIGINT NOT NULL REFERENCES batch (id),
    step TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX batch_step_of_batch ON batch_step (office_code, batch_id, id);

CREATE TABLE batch_line (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    batch_id BIGINT NOT NULL REFERENCES batch (id),
    kind TEXT NOT NULL,
    line INTEGER NOT NULL,
    subject_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    account_sealed BLOB,
    account_mask TEXT NOT NULL,
    seal TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'failed')),
    answered_on DATE,
    reason TEXT NOT NULL,
    running BOOLEAN NOT NULL,
    UNIQUE (batch_id, line)
);
CREATE INDEX batch_line_of_batch ON batch_line (office_code, batch_id, line);
CREATE INDEX batch_line_of_person ON batch_line (person_id);
-- In at most one running batch of a kind.
CREATE UNIQUE INDEX batch_line_running ON batch_line (office_code, kind, subject_id) WHERE running;

-- 贷款发放: where the money of a contract is.
CREATE TABLE disbursement (
    loan_id INTEGER NOT NULL PRIMARY KEY REFERENCES loan (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    batch_id BIGINT NOT NULL REFERENCES batch (id),
    state TEXT NOT NULL CHECK (state IN ('ordered', 'paid', 'at_university', 'partly_returned',
        'frozen', 'returned', 'cancelled')),
    amount_fen BIGINT NOT NULL,
    to_university_fen BIGINT NOT NULL,
    to_account_fen BIGINT NOT NULL,
    returned_fen BIGINT NOT NULL,
    since_on DATE NOT NULL,
    paid_on DATE,
    event_id BIGINT,
    reason TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (amount_fen = to_university_fen + to_account_fen)
);
CREATE INDEX disbursement_by_state ON disbursement (office_code, state, loan_id);
CREATE INDEX disbursement_of_file ON disbursement (office_code, file_id);
-- The contracts of a school year: lists of a season ask for them.
CREATE INDEX loan_by_year ON loan (office_code, loan_year, id);
