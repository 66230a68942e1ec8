-- The clock side: runs of jobs, warnings for staff, messages, and the borrower's own pages.

-- One run of a job for one day; a job that runs every few minutes keeps one row (1970-01-01).
CREATE TABLE job_run (
    job TEXT NOT NULL,
    planned_for DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'gave_up')),
    attempts INTEGER NOT NULL,
    leased_until TIMESTAMP,
    leased_by TEXT NOT NULL DEFAULT '',
    next_try_at TIMESTAMP,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    done_count BIGINT NOT NULL DEFAULT 0,
    skipped_count BIGINT NOT NULL DEFAULT 0,
    failed_count BIGINT NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, planned_for)
);
CREATE INDEX job_run_by_day ON job_run (planned_for, job);

-- A job that an office has switched off.
CREATE TABLE job_pause (
    office_code TEXT NOT NULL REFERENCES office (code),
    job TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    by_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (office_code, job)
);

-- What an office has set for itself.
CREATE TABLE office_setting (
    office_code TEXT NOT NULL REFERENCES office (code),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (office_code, key)
);

-- Lines on the workbench that the program writes and takes away again.
CREATE TABLE warning (
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('bad', 'wait', 'info')),
    title TEXT NOT NULL,
    advice TEXT NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    due_on DATE,
    since TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (office_code, kind, key)
);

-- Messages to borrowers and families: waiting, on their way, sent.
CREATE TABLE message (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    planned_on DATE NOT NULL,
    file_id BIGINT REFERENCES loan_file (id),
    person_id BIGINT REFERENCES person (id),
    phone_id BIGINT REFERENCES person_phone (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    to_mask TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    text_sealed BYTEA NOT NULL,
    vendor_fields TEXT NOT NULL DEFAULT '',
    parts INTEGER NOT NULL,
    check_code TEXT NOT NULL,
    urgent BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'waiting', 'sending', 'sent', 'delivered', 'failed',
        'cancelled', 'unsure')),
    not_before TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    attempts INTEGER NOT NULL,
    leased_by TEXT NOT NULL DEFAULT '',
    leased_until TIMESTAMP,
    gateway TEXT NOT NULL DEFAULT '',
    gateway_ref TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    delivered_at TIMESTAMP,
    UNIQUE (office_code, subject, reason, planned_on)
);
CREATE INDEX message_to_send ON message (state, channel, urgent, not_before, id);
CREATE INDEX message_by_file ON message (file_id, reason, planned_on);
CREATE INDEX message_by_person ON message (person_id, id);
CREATE INDEX message_by_day ON message (office_code, planned_on, reason, state);
CREATE INDEX message_by_state ON message (state, office_code, planned_on, id);
CREATE INDEX message_by_ref ON message (gateway_ref, gateway);
CREATE INDEX message_by_code ON message (check_code);

-- Which kinds of message a person wants, and how. No row: the default.
CREATE TABLE message_wish (
    person_id BIGINT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    sms BOOLEAN NOT NULL,
    email BOOLEAN NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, kind)
);

-- A person who gets no messages any more.
CREATE TABLE message_stop (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    why TEXT NOT NULL CHECK (why IN ('died', 'asked')),
    note TEXT NOT NULL,
    by_name TEXT NOT NULL,
    since TIMESTAMP NOT NULL
);

-- A one-time code by which a borrower or co-borrower signs in. The code itself is not here.
-- Somebody nobody knows gets a row, too, without a person: every answer is the same.
CREATE TABLE borrower_code (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT REFERENCES person (id),
    subject BYTEA NOT NULL,
    request_hash BYTEA NOT NULL UNIQUE,
    code_hash BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    tries INTEGER NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX borrower_code_by_subject ON borrower_code (subject, created_at);

-- A borrower's or co-borrower's signed-in phone; the token is only in the cookie.
CREATE TABLE borrower_session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    file_id BIGINT REFERENCES loan_file (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX borrower_session_by_person ON borrower_session (person_id, revoked_at);

-- A change of contacts that a borrower asks for; in force when staff accept it.
CREATE TABLE contact_change (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    file_id BIGINT REFERENCES loan_file (id),
    field TEXT NOT NULL CHECK (field IN ('phone', 'email', 'address')),
    value_sealed BYTEA NOT NULL,
    value_mask TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'refused')),
    asked_at TIMESTAMP NOT NULL,
    asked_by_person BIGINT REFERENCES person (id),
    decided_at TIMESTAMP,
    decided_by TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX contact_change_by_person ON contact_change (person_id, id);
CREATE INDEX contact_change_open ON contact_change (office_code, state, id);

-- Somebody has said that the contacts of a file are right: once a year and year asked.
CREATE TABLE contact_confirmation (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    person_id BIGINT NOT NULL REFERENCES person (id),
    year INTEGER NOT NULL,
    source TEXT NOT NULL,
    confirmed_at TIMESTAMP NOT NULL,
    UNIQUE (file_id, person_id, year)
);

-- Who has something to pay on a due day: reminders ask every night.
CREATE INDEX file_position_by_due ON file_position (next_due_on, office_code, file_id);
-- A co-borrower finds the contracts that carry their name.
CREATE INDEX loan_by_co ON loan (office_code, co_person_id);
