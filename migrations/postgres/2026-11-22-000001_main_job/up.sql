-- The main job: offices, staff, people, loans, events, positions, imports, history.
-- Twin of the same directory for the other database: same tables, columns, keys, checks.
-- Money is BIGINT fen, rates INTEGER millionths, instants UTC TIMESTAMP, kinds TEXT with a CHECK.
-- Keys that are asked for together with an office begin with it: SQLite keeps no statistics and
-- PostgreSQL has none of a new table, and either then reads a whole office by another such key.

CREATE TABLE office (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    letters TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL
);

-- Last serial given to a loan file, by year of the first contract: QH2015-0483.
CREATE TABLE file_serial (
    office_code TEXT NOT NULL REFERENCES office (code),
    year INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (office_code, year)
);

CREATE TABLE staff (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('clerk', 'reviewer', 'director', 'auditor', 'administrator')),
    password_hash TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_signed_in_at TIMESTAMP,
    version INTEGER NOT NULL
);

-- A signed-in browser. The token itself is only in the cookie; here is its SHA-256.
CREATE TABLE staff_session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX staff_session_by_staff ON staff_session (staff_id, revoked_at);

-- Failed sign-ins by login name or address; a name nobody has is counted like any other.
CREATE TABLE sign_in_guard (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    locked_until TIMESTAMP,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE person (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    id_sealed BYTEA NOT NULL,
    id_index BYTEA NOT NULL,
    id_mask TEXT NOT NULL,
    born_on DATE NOT NULL,
    sex TEXT NOT NULL CHECK (sex IN ('M', 'F')),
    ethnic TEXT NOT NULL DEFAULT '',
    household_type TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    township TEXT NOT NULL DEFAULT '',
    village TEXT NOT NULL DEFAULT '',
    village_code TEXT NOT NULL DEFAULT '',
    police_station TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, id_index)
);
CREATE INDEX person_by_name ON person (office_code, name_key);
CREATE INDEX person_by_village ON person (office_code, township, village);

CREATE TABLE person_phone (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    phone_sealed BYTEA NOT NULL,
    phone_index BYTEA NOT NULL,
    phone_mask TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('on_file', 'to_confirm', 'dead')),
    source TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    UNIQUE (office_code, person_id, phone_index)
);
CREATE INDEX person_phone_by_index ON person_phone (office_code, phone_index);

-- A loan file: one borrower's whole life, all contracts together.
CREATE TABLE loan_file (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_no TEXT NOT NULL UNIQUE,
    person_id BIGINT NOT NULL REFERENCES person (id),
    co_person_id BIGINT REFERENCES person (id),
    co_relation TEXT NOT NULL DEFAULT '',
    high_school TEXT NOT NULL DEFAULT '',
    university TEXT NOT NULL DEFAULT '',
    university_code TEXT NOT NULL DEFAULT '',
    major TEXT NOT NULL DEFAULT '',
    student_number TEXT NOT NULL DEFAULT '',
    degree TEXT NOT NULL DEFAULT '',
    school_years INTEGER,
    entered_on DATE,
    graduates_on DATE,
    family_kind TEXT NOT NULL DEFAULT '',
    hardship_level TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    owner_id BIGINT REFERENCES staff (id),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, person_id)
);
CREATE INDEX loan_file_by_no ON loan_file (office_code, file_no);
CREATE INDEX loan_file_by_school ON loan_file (office_code, high_school);
CREATE INDEX loan_file_by_co ON loan_file (office_code, co_person_id);
CREATE INDEX loan_file_by_student_number ON loan_file (office_code, student_number);

-- A loan: one contract, one school year. Its terms are data, never constants in code.
CREATE TABLE loan (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    contract_no TEXT NOT NULL,
    product TEXT NOT NULL CHECK (product IN ('cdb', 'local')),
    loan_year INTEGER NOT NULL,
    is_first BOOLEAN NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('undergraduate', 'graduate')),
    principal_fen BIGINT NOT NULL CHECK (principal_fen > 0),
    tuition_fen BIGINT,
    lodging_fen BIGINT,
    term_years INTEGER,
    signed_on DATE NOT NULL,
    subsidy_ends_on DATE NOT NULL,
    final_due_on DATE NOT NULL,
    grace_years INTEGER NOT NULL,
    due_month_day TEXT NOT NULL,
    fixed_rate_ppm INTEGER,
    penalty_percent INTEGER NOT NULL,
    day_count TEXT NOT NULL CHECK (day_count IN ('act_360')),
    switches TEXT NOT NULL DEFAULT '',
    co_person_id BIGINT REFERENCES person (id),
    receipt_code TEXT NOT NULL DEFAULT '',
    receipt_on DATE,
    agent TEXT NOT NULL DEFAULT '',
    account_sealed BYTEA,
    account_mask TEXT NOT NULL DEFAULT '',
    bank_state TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (office_code, contract_no)
);
CREATE INDEX loan_by_file ON loan (office_code, file_id);

-- Append-only. A mistake is corrected by a `reversed` event that names the wrong one.
CREATE TABLE loan_event (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    effective_on DATE NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('disbursed', 'subsidy_end_moved', 'study_ended_early', 'paid',
        'prepaid', 'compensated', 'relieved', 'interest_waived', 'principal_deferred', 'plan_set',
        'rate_set', 'amount_raised', 'reversed')),
    year INTEGER,
    amount_fen BIGINT,
    whole BOOLEAN NOT NULL,
    to_on DATE,
    from_on DATE,
    rate_ppm INTEGER,
    first_year INTEGER,
    reverses_id BIGINT REFERENCES loan_event (id),
    channel TEXT NOT NULL DEFAULT '',
    bank_ref TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL,
    command_key TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT,
    UNIQUE (office_code, command_key)
);
CREATE INDEX loan_event_by_loan ON loan_event (office_code, loan_id, effective_on);

-- Cache of the statement of one loan; rebuilt at will by `zhuxue verify --repair`.
CREATE TABLE loan_position (
    loan_id BIGINT NOT NULL PRIMARY KEY REFERENCES loan (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL REFERENCES loan_file (id),
    as_of DATE NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('undisbursed', 'in_study', 'grace', 'repaying', 'settled')),
    disbursed_fen BIGINT NOT NULL,
    outstanding_fen BIGINT NOT NULL,
    overdue_principal_fen BIGINT NOT NULL,
    overdue_interest_fen BIGINT NOT NULL,
    penalty_fen BIGINT NOT NULL,
    oldest_unpaid_due_on DATE,
    next_due_on DATE,
    next_due_fen BIGINT NOT NULL,
    unapplied_fen BIGINT NOT NULL,
    surplus_fen BIGINT NOT NULL,
    settled_on DATE,
    changes_on DATE
);
CREATE INDEX loan_position_by_change ON loan_position (changes_on, file_id);
CREATE INDEX loan_position_by_file ON loan_position (file_id);

-- Sums of the positions of one file, for lists.
CREATE TABLE file_position (
    file_id BIGINT NOT NULL PRIMARY KEY REFERENCES loan_file (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    as_of DATE NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('undisbursed', 'in_study', 'grace', 'repaying', 'settled')),
    loans INTEGER NOT NULL,
    first_year INTEGER NOT NULL,
    disbursed_fen BIGINT NOT NULL,
    outstanding_fen BIGINT NOT NULL,
    overdue_principal_fen BIGINT NOT NULL,
    overdue_interest_fen BIGINT NOT NULL,
    penalty_fen BIGINT NOT NULL,
    oldest_unpaid_due_on DATE,
    next_due_on DATE,
    next_due_fen BIGINT NOT NULL,
    unapplied_fen BIGINT NOT NULL,
    settled_on DATE
);
CREATE INDEX file_position_by_stage ON file_position (office_code, stage, file_id);
CREATE INDEX file_position_by_overdue ON file_position (office_code, oldest_unpaid_due_on, file_id);

-- What the bank's files say, kept beside our own figures, never taken over.
CREATE TABLE bank_figure (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    sheet TEXT NOT NULL CHECK (sheet IN ('contracts', 'repayments', 'overdue')),
    row_key TEXT NOT NULL,
    as_of DATE NOT NULL,
    due_on DATE,
    paid_on DATE,
    kind TEXT NOT NULL DEFAULT '',
    channel TEXT NOT NULL DEFAULT '',
    due_principal_fen BIGINT NOT NULL DEFAULT 0,
    due_interest_fen BIGINT NOT NULL DEFAULT 0,
    waived_fen BIGINT NOT NULL DEFAULT 0,
    paid_principal_fen BIGINT NOT NULL DEFAULT 0,
    paid_interest_fen BIGINT NOT NULL DEFAULT 0,
    paid_penalty_fen BIGINT NOT NULL DEFAULT 0,
    balance_fen BIGINT,
    overdue_principal_fen BIGINT NOT NULL DEFAULT 0,
    overdue_interest_fen BIGINT NOT NULL DEFAULT 0,
    penalty_fen BIGINT NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    import_id BIGINT NOT NULL,
    line INTEGER NOT NULL,
    UNIQUE (office_code, row_key)
);
CREATE INDEX bank_figure_by_loan ON bank_figure (office_code, loan_id, sheet);

-- Where the bank's figure and ours differ: both, side by side, until somebody settles it.
CREATE TABLE bank_difference (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT NOT NULL REFERENCES loan (id),
    figure TEXT NOT NULL,
    on_day DATE NOT NULL,
    bank_fen BIGINT NOT NULL,
    ours_fen BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    found_at TIMESTAMP NOT NULL,
    UNIQUE (office_code, loan_id, figure, on_day)
);
CREATE INDEX bank_difference_by_office ON bank_difference (office_code, id);

-- Owned by the stages that come later; filled by imports until then.

CREATE TABLE preapplication (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    year INTEGER NOT NULL,
    high_school TEXT NOT NULL,
    class_name TEXT NOT NULL,
    family_kind TEXT NOT NULL,
    applied_on DATE,
    school_opinion TEXT NOT NULL,
    county_opinion TEXT NOT NULL,
    import_id BIGINT NOT NULL,
    UNIQUE (person_id, year)
);

CREATE TABLE recognition (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    year INTEGER NOT NULL,
    level TEXT NOT NULL,
    recognised_on DATE,
    reason TEXT NOT NULL,
    class_opinion TEXT NOT NULL,
    grade_opinion TEXT NOT NULL,
    import_id BIGINT NOT NULL,
    UNIQUE (person_id, year)
);

CREATE TABLE university_receipt (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    loan_id BIGINT REFERENCES loan (id),
    student_number TEXT NOT NULL,
    loan_year INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    class_name TEXT NOT NULL,
    university TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    is_first BOOLEAN NOT NULL,
    mismatch TEXT NOT NULL,
    import_id BIGINT NOT NULL,
    UNIQUE (office_code, student_number, loan_year, code)
);
CREATE INDEX university_receipt_by_loan ON university_receipt (office_code, loan_id);

CREATE TABLE graduation (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    file_id BIGINT NOT NULL UNIQUE REFERENCES loan_file (id),
    university TEXT NOT NULL,
    graduated_on DATE,
    confirmed_on DATE,
    destination TEXT NOT NULL,
    loans INTEGER,
    principal_fen BIGINT,
    self_pay_from DATE,
    note TEXT NOT NULL,
    import_id BIGINT NOT NULL
);

CREATE TABLE enlistment (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    person_id BIGINT NOT NULL REFERENCES person (id),
    enlisted_on DATE NOT NULL,
    discharged_on DATE,
    university TEXT NOT NULL,
    contract_nos TEXT NOT NULL,
    principal_fen BIGINT NOT NULL,
    asked_fen BIGINT NOT NULL,
    granted_fen BIGINT NOT NULL,
    paid_on DATE,
    import_id BIGINT NOT NULL,
    UNIQUE (person_id, enlisted_on)
);

CREATE TABLE monthly_figure (
    office_code TEXT NOT NULL REFERENCES office (code),
    month DATE NOT NULL,
    signed INTEGER NOT NULL,
    signed_fen BIGINT NOT NULL,
    disbursed INTEGER NOT NULL,
    disbursed_fen BIGINT NOT NULL,
    repaid INTEGER NOT NULL,
    principal_fen BIGINT NOT NULL,
    interest_fen BIGINT NOT NULL,
    penalty_fen BIGINT NOT NULL,
    compensated_fen BIGINT NOT NULL,
    balance_fen BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    PRIMARY KEY (office_code, month)
);

CREATE TABLE import_job (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    file_name TEXT NOT NULL,
    sheet_name TEXT NOT NULL,
    layout TEXT NOT NULL,
    product TEXT NOT NULL CHECK (product IN ('cdb', 'local')),
    as_of DATE,
    state TEXT NOT NULL CHECK (state IN ('uploaded', 'checking', 'checked', 'posting', 'stopped',
        'posted', 'failed', 'dropped')),
    content_hash BYTEA NOT NULL,
    rows_total INTEGER NOT NULL,
    rows_done INTEGER NOT NULL,
    new_rows INTEGER NOT NULL,
    same_rows INTEGER NOT NULL,
    changed_rows INTEGER NOT NULL,
    refused_rows INTEGER NOT NULL,
    skipped_rows INTEGER NOT NULL,
    differences INTEGER NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    stop_wanted BOOLEAN NOT NULL,
    leased_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX import_job_by_office ON import_job (office_code, id);

-- The uploaded file itself, sealed: it is full of identity numbers.
CREATE TABLE import_file (
    import_id BIGINT NOT NULL PRIMARY KEY REFERENCES import_job (id),
    content_sealed BYTEA NOT NULL
);

CREATE TABLE import_row (
    import_id BIGINT NOT NULL REFERENCES import_job (id),
    line INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('new', 'same', 'changed', 'refused', 'skipped')),
    posted BOOLEAN NOT NULL,
    notes TEXT NOT NULL,
    PRIMARY KEY (import_id, line)
);

-- Who did what, when, why. Appended freely; chained by hash per office a moment later.
CREATE TABLE history (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    at TIMESTAMP NOT NULL,
    staff_id BIGINT,
    staff_name TEXT NOT NULL,
    action TEXT NOT NULL,
    file_id BIGINT,
    subject TEXT NOT NULL,
    summary TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    chain_no BIGINT,
    chain_hash BYTEA,
    UNIQUE (office_code, chain_no)
);
CREATE INDEX history_by_file ON history (office_code, file_id, id);
CREATE INDEX history_by_office ON history (office_code, id);
CREATE INDEX history_by_staff ON history (staff_id, action, at);
CREATE INDEX history_unchained ON history (office_code, id) WHERE chain_no IS NULL;

-- Facts about this database: which key sealed it, which day its positions were closed for.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER loan_event_is_never_changed BEFORE UPDATE ON loan_event
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_event_is_never_deleted BEFORE DELETE ON loan_event
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_is_only_chained BEFORE UPDATE ON history FOR EACH ROW
WHEN (OLD.chain_no IS NOT NULL OR NEW.summary <> OLD.summary OR NEW.at <> OLD.at
    OR NEW.staff_name <> OLD.staff_name OR NEW.action <> OLD.action OR NEW.subject <> OLD.subject
    OR NEW.reason <> OLD.reason OR NEW.id <> OLD.id OR NEW.office_code <> OLD.office_code
    OR NEW.staff_id IS DISTINCT FROM OLD.staff_id OR NEW.file_id IS DISTINCT FROM OLD.file_id)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
FOR EACH ROW EXECUTE FUNCTION refuse_change();
