-- Every family once a year, and the overdue ladder: contact records, duties, the contact tree, cases,
-- sheets that travel and come back, saved lists.

-- What came of the last try with a number; a number that is somebody else's or dead is 'dead' too.
ALTER TABLE person_phone ADD COLUMN tried TEXT NOT NULL DEFAULT ''
    CHECK (tried IN ('', 'works', 'no_answer', 'refused', 'wrong_person', 'dead'));
ALTER TABLE person_phone ADD COLUMN tried_on DATE;

-- People around a family who are not student or co-borrower: the rest of the contact tree.
CREATE TABLE contact_point (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    kind TEXT NOT NULL CHECK (kind IN ('parent', 'relative', 'friend', 'teacher', 'school', 'village',
        'employer', 'university', 'other')),
    name TEXT NOT NULL,
    relation TEXT NOT NULL DEFAULT '',
    phone_sealed BLOB,
    phone_index BLOB,
    phone_mask TEXT NOT NULL DEFAULT '',
    may_know TEXT NOT NULL CHECK (may_know IN ('amounts', 'due', 'contact_only')),
    tried TEXT NOT NULL DEFAULT ''
        CHECK (tried IN ('', 'works', 'no_answer', 'refused', 'wrong_person', 'dead')),
    tried_on DATE,
    note TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    retired_at TIMESTAMP,
    version INTEGER NOT NULL
);
CREATE INDEX contact_point_by_file ON contact_point (office_code, file_id);

-- One contact or try: who spoke with whom, by which way, and what came of it. Never changed; a
-- mistake is taken back (undone) and written anew.
CREATE TABLE contact_record (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    on_day DATE NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('call', 'sms', 'chat', 'visit', 'counter', 'letter',
        'phone_page', 'sheet')),
    party TEXT NOT NULL CHECK (party IN ('student', 'co_borrower', 'family', 'school', 'village',
        'police', 'employer', 'other')),
    party_name TEXT NOT NULL DEFAULT '',
    phone_id BIGINT REFERENCES person_phone (id),
    point_id BIGINT REFERENCES contact_point (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('reached', 'promised', 'says_paid', 'hardship',
        'in_service', 'studying', 'dispute', 'no_answer', 'bad_number', 'wrong_person', 'refused',
        'moved_away', 'left_word', 'died')),
    ability TEXT NOT NULL DEFAULT '' CHECK (ability IN ('', 'able', 'partly', 'unable')),
    situation TEXT NOT NULL DEFAULT '',
    wish TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    evidence TEXT NOT NULL DEFAULT '',
    promised_on DATE,
    promised_fen BIGINT,
    next_on DATE,
    case_id BIGINT,
    sheet_id BIGINT,
    source TEXT NOT NULL CHECK (source IN ('desk', 'sheet', 'workbook', 'liaison', 'phone_page',
        'round')),
    staff_id BIGINT REFERENCES staff (id),
    by_name TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    undone_by TEXT NOT NULL DEFAULT '',
    number_before TEXT NOT NULL DEFAULT '',
    command_key TEXT NOT NULL,
    UNIQUE (office_code, command_key)
);
CREATE INDEX contact_record_by_file ON contact_record (office_code, file_id, on_day, id);
CREATE INDEX contact_record_by_day ON contact_record (office_code, on_day, id);

-- Every family once a year: one duty per loan file and year.
CREATE TABLE contact_duty (
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    year INTEGER NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    reason TEXT NOT NULL CHECK (reason IN ('enters_repayment', 'unconfirmed', 'repaying',
        'studying')),
    planned_on DATE NOT NULL,
    assignee_kind TEXT NOT NULL CHECK (assignee_kind IN ('clerk', 'school', 'village')),
    staff_id BIGINT REFERENCES staff (id),
    assignee TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'lost', 'excused')),
    tries INTEGER NOT NULL,
    last_try_on DATE,
    next_on DATE NOT NULL,
    done_on DATE,
    record_id BIGINT REFERENCES contact_record (id),
    note TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL,
    PRIMARY KEY (file_id, year)
);
CREATE INDEX contact_duty_by_next ON contact_duty (office_code, year, state, next_on, file_id);
CREATE INDEX contact_duty_by_assignee ON contact_duty (office_code, year, assignee_kind, assignee);

-- An overdue loan file on the ladder. One case that is not closed for each file.
CREATE TABLE overdue_case (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'paused', 'parked', 'closed')),
    stage TEXT NOT NULL CHECK (stage IN ('student', 'co_borrower', 'school', 'village', 'police')),
    opened_on DATE NOT NULL,
    stage_since DATE NOT NULL,
    owner_id BIGINT REFERENCES staff (id),
    next_step TEXT NOT NULL,
    next_on DATE NOT NULL,
    tries INTEGER NOT NULL,
    reached BOOLEAN NOT NULL,
    promised_on DATE,
    promised_fen BIGINT,
    broken_promises INTEGER NOT NULL,
    last_record_id BIGINT REFERENCES contact_record (id),
    parked_for TEXT NOT NULL DEFAULT '' CHECK (parked_for IN ('', 'hardship', 'in_service', 'studying',
        'dispute', 'says_paid', 'died')),
    parked_reason TEXT NOT NULL DEFAULT '',
    until_on DATE,
    asked_for TEXT NOT NULL DEFAULT '' CHECK (asked_for IN ('', 'police', 'notice')),
    asked_by TEXT NOT NULL DEFAULT '',
    asked_reason TEXT NOT NULL DEFAULT '',
    asked_at TIMESTAMP,
    notice_on DATE,
    closed_on DATE,
    closed_why TEXT NOT NULL DEFAULT '' CHECK (closed_why IN ('', 'paid', 'corrected')),
    weight BIGINT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX overdue_case_of_file ON overdue_case (file_id) WHERE state <> 'closed';
CREATE INDEX overdue_case_by_next ON overdue_case (office_code, state, next_on, file_id);
CREATE INDEX overdue_case_by_file ON overdue_case (office_code, file_id);
CREATE INDEX overdue_case_by_closing ON overdue_case (office_code, closed_on);

-- What happened to a case, step by step.
CREATE TABLE overdue_step (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    case_id BIGINT NOT NULL REFERENCES overdue_case (id),
    on_day DATE NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('opened', 'moved_up', 'moved_down', 'asked', 'allowed', 'declined',
        'notice', 'paused', 'resumed', 'parked', 'returned', 'promised', 'promise_broken',
        'promise_kept', 'owner', 'next_set', 'closed', 'undone')),
    from_stage TEXT NOT NULL DEFAULT '',
    to_stage TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    record_id BIGINT REFERENCES contact_record (id),
    staff_id BIGINT REFERENCES staff (id),
    by_name TEXT NOT NULL,
    before TEXT NOT NULL DEFAULT ''
);
CREATE INDEX overdue_step_by_case ON overdue_step (case_id, id);

-- A list of one worklist that somebody keeps under a name.
CREATE TABLE saved_list (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (staff_id, page, name)
);
CREATE INDEX saved_list_by_office ON saved_list (office_code, page);

-- What one receiver (village, school, police station) got in one go.
CREATE TABLE sheet_batch (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    purpose TEXT NOT NULL CHECK (purpose IN ('overdue', 'yearly')),
    receiver_kind TEXT NOT NULL CHECK (receiver_kind IN ('village', 'school', 'police')),
    township TEXT NOT NULL,
    receiver TEXT NOT NULL,
    as_of DATE NOT NULL,
    return_by DATE NOT NULL,
    amounts BOOLEAN NOT NULL,
    letter TEXT NOT NULL DEFAULT '',
    made_at TIMESTAMP NOT NULL,
    made_by TEXT NOT NULL,
    handed_on DATE,
    handed_by TEXT NOT NULL DEFAULT '',
    handed_to TEXT NOT NULL DEFAULT '',
    handed_how TEXT NOT NULL DEFAULT '',
    receipt TEXT NOT NULL DEFAULT '',
    chased_on DATE,
    chased_times INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX sheet_batch_by_office ON sheet_batch (office_code, id);
CREATE INDEX sheet_batch_by_receiver ON sheet_batch (office_code, receiver_kind, receiver, township);

-- One household on paper. The code opens this sheet only; it is kept sealed, found by its index.
CREATE TABLE sheet (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    batch_id BIGINT NOT NULL REFERENCES sheet_batch (id),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    case_id BIGINT REFERENCES overdue_case (id),
    number TEXT NOT NULL,
    place INTEGER NOT NULL,
    code_index BLOB NOT NULL UNIQUE,
    code_sealed BLOB NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('out', 'returned', 'accepted', 'void')),
    returned_at TIMESTAMP,
    closed_at TIMESTAMP,
    closed_why TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL,
    UNIQUE (office_code, number)
);
CREATE INDEX sheet_by_batch ON sheet (batch_id, place);
CREATE INDEX sheet_by_file ON sheet (office_code, file_id);
CREATE INDEX sheet_by_state ON sheet (office_code, state, batch_id);

-- What came back about a sheet: proposed until the desk accepts it.
CREATE TABLE sheet_return (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    sheet_id BIGINT NOT NULL REFERENCES sheet (id),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    came_by TEXT NOT NULL CHECK (came_by IN ('scan', 'spoken', 'workbook', 'desk', 'liaison', 'round')),
    came_at TIMESTAMP NOT NULL,
    by_name TEXT NOT NULL,
    answers_sealed BLOB NOT NULL,
    outcome TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'refused')),
    decided_at TIMESTAMP,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_note TEXT NOT NULL DEFAULT '',
    record_id BIGINT REFERENCES contact_record (id),
    command_key TEXT NOT NULL,
    UNIQUE (office_code, command_key)
);
CREATE INDEX sheet_return_by_state ON sheet_return (office_code, state, id);
CREATE INDEX sheet_return_by_sheet ON sheet_return (sheet_id, id);

-- The photograph of a filled sheet, sealed.
CREATE TABLE sheet_photo (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    return_id BIGINT NOT NULL REFERENCES sheet_return (id),
    kind TEXT NOT NULL CHECK (kind IN ('jpeg', 'png', 'webp')),
    bytes INTEGER NOT NULL,
    content_sealed BLOB NOT NULL,
    added_at TIMESTAMP NOT NULL
);
CREATE INDEX sheet_photo_by_return ON sheet_photo (return_id);

-- What was paid in a year, and which duty was met, is asked by day over the whole office.
CREATE INDEX loan_event_by_day ON loan_event (office_code, kind, effective_on);

-- The names that the query row of the overdue page offers.
CREATE INDEX person_by_police ON person (office_code, police_station);
-- What the overdue page counts and sums on every visit: only of files with arrears, all in the index.
CREATE INDEX file_position_late ON file_position (office_code, file_id, oldest_unpaid_due_on, next_due_on,
    outstanding_fen, overdue_principal_fen, overdue_interest_fen, penalty_fen)
    WHERE oldest_unpaid_due_on IS NOT NULL;
