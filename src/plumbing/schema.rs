//! Diesel's view of the tables of `migrations/`. Kept by hand; `tests/two_databases` compares it,
//! column by column, with what the migrations really make on both databases.

#![allow(missing_docs, reason = "the tables are described where they are made: migrations/")]

mod payments;
mod postings;
mod clock;
mod closing;
mod counter;
mod early;
mod follow;
mod hardship;
/// What `scripts/new-stage` copies, so that it goes on compiling: the stages' tests use it from
/// another crate.
#[path = "../../scripts/stage/schema.rs"]
mod new_stage_table;
mod relief_fund;
mod stages;
mod study;
pub use clock::*;
pub use closing::*;
pub use counter::*;
pub use early::*;
pub use follow::*;
pub use hardship::*;
pub use new_stage_table::*;
pub use payments::*;
pub use postings::*;
pub use relief_fund::*;
pub use stages::*;
pub use study::*;

diesel::table! {
    session (token_hash) {
        token_hash -> Binary,
        realm -> Text,
        office_code -> Text,
        subject_id -> BigInt,
        file_id -> Nullable<BigInt>,
        csrf -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        address -> Text,
        agent -> Text,
    }
}

diesel::table! {
    office (code) {
        code -> Text,
        name -> Text,
        letters -> Text,
        phone -> Text,
        address -> Text,
        created_at -> Timestamp,
        amounts_on_papers_by -> Text,
    }
}

diesel::table! {
    file_serial (office_code, year) {
        office_code -> Text,
        year -> Integer,
        last -> Integer,
    }
}

diesel::table! {
    staff (id) {
        id -> BigInt,
        office_code -> Text,
        login -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        active -> Bool,
        created_at -> Timestamp,
        last_signed_in_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    account_seal (account_id) {
        account_id -> BigInt,
        office_code -> Text,
        seal -> Binary,
    }
}

diesel::table! {
    sign_in_attempt (who, origin, at) {
        who -> Text,
        origin -> Text,
        at -> Timestamp,
        tries -> Integer,
    }
}

diesel::table! {
    person (id) {
        id -> BigInt,
        office_code -> Text,
        name -> Text,
        name_key -> Text,
        id_sealed -> Binary,
        id_index -> Binary,
        id_mask -> Text,
        born_on -> Date,
        sex -> Text,
        ethnic -> Text,
        household_type -> Text,
        email -> Text,
        address -> Text,
        township -> Text,
        village -> Text,
        village_code -> Text,
        police_station -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
        name_initials -> Text,
    }
}

diesel::table! {
    person_phone (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        phone_sealed -> Binary,
        phone_index -> Binary,
        phone_mask -> Text,
        state -> Text,
        source -> Text,
        recorded_at -> Timestamp,
        tried -> Text,
        tried_on -> Nullable<Date>,
    }
}

diesel::table! {
    loan_file (id) {
        id -> BigInt,
        office_code -> Text,
        file_no -> Text,
        person_id -> BigInt,
        co_person_id -> Nullable<BigInt>,
        co_relation -> Text,
        high_school -> Text,
        university -> Text,
        university_code -> Text,
        major -> Text,
        student_number -> Text,
        degree -> Text,
        school_years -> Nullable<Integer>,
        entered_on -> Nullable<Date>,
        graduates_on -> Nullable<Date>,
        family_kind -> Text,
        hardship_level -> Text,
        note -> Text,
        owner_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    loan (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        contract_no -> Text,
        product -> Text,
        loan_year -> Integer,
        is_first -> Bool,
        level -> Text,
        principal_fen -> BigInt,
        tuition_fen -> Nullable<BigInt>,
        lodging_fen -> Nullable<BigInt>,
        term_years -> Nullable<Integer>,
        signed_on -> Date,
        subsidy_ends_on -> Date,
        final_due_on -> Date,
        grace_years -> Integer,
        due_month_day -> Text,
        fixed_rate_ppm -> Nullable<Integer>,
        penalty_percent -> Integer,
        day_count -> Text,
        switches -> Text,
        co_person_id -> Nullable<BigInt>,
        receipt_code -> Text,
        receipt_on -> Nullable<Date>,
        agent -> Text,
        account_sealed -> Nullable<Binary>,
        account_mask -> Text,
        bank_state -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    loan_event (id) {
        id -> BigInt,
        office_code -> Text,
        loan_id -> BigInt,
        effective_on -> Date,
        kind -> Text,
        year -> Nullable<Integer>,
        amount_fen -> Nullable<BigInt>,
        whole -> Bool,
        to_on -> Nullable<Date>,
        from_on -> Nullable<Date>,
        rate_ppm -> Nullable<Integer>,
        first_year -> Nullable<Integer>,
        reverses_id -> Nullable<BigInt>,
        channel -> Text,
        bank_ref -> Text,
        source -> Text,
        command_key -> Text,
        recorded_at -> Timestamp,
        recorded_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    loan_position (loan_id) {
        loan_id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        as_of -> Date,
        stage -> Text,
        disbursed_fen -> BigInt,
        outstanding_fen -> BigInt,
        overdue_principal_fen -> BigInt,
        overdue_interest_fen -> BigInt,
        penalty_fen -> BigInt,
        oldest_unpaid_due_on -> Nullable<Date>,
        next_due_on -> Nullable<Date>,
        next_due_fen -> BigInt,
        unapplied_fen -> BigInt,
        surplus_fen -> BigInt,
        settled_on -> Nullable<Date>,
        changes_on -> Nullable<Date>,
        awaiting_fen -> BigInt,
        awaiting_on -> Nullable<Date>,
        known_until -> Nullable<Date>,
        bank_settled_on -> Nullable<Date>,
    }
}

diesel::table! {
    file_position (file_id) {
        file_id -> BigInt,
        office_code -> Text,
        as_of -> Date,
        stage -> Text,
        loans -> Integer,
        first_year -> Integer,
        disbursed_fen -> BigInt,
        outstanding_fen -> BigInt,
        overdue_principal_fen -> BigInt,
        overdue_interest_fen -> BigInt,
        penalty_fen -> BigInt,
        oldest_unpaid_due_on -> Nullable<Date>,
        next_due_on -> Nullable<Date>,
        next_due_fen -> BigInt,
        unapplied_fen -> BigInt,
        settled_on -> Nullable<Date>,
        awaiting_fen -> BigInt,
        awaiting_on -> Nullable<Date>,
    }
}

diesel::table! {
    payments_known (id) {
        id -> BigInt,
        office_code -> Text,
        product -> Text,
        source -> Text,
        known_until -> Date,
        import_id -> Nullable<BigInt>,
        reason -> Text,
        by_name -> Text,
        recorded_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Text,
    }
}

diesel::table! {
    bank_figure (id) {
        id -> BigInt,
        office_code -> Text,
        loan_id -> BigInt,
        sheet -> Text,
        row_key -> Text,
        as_of -> Date,
        due_on -> Nullable<Date>,
        paid_on -> Nullable<Date>,
        kind -> Text,
        channel -> Text,
        due_principal_fen -> BigInt,
        due_interest_fen -> BigInt,
        waived_fen -> BigInt,
        paid_principal_fen -> BigInt,
        paid_interest_fen -> BigInt,
        paid_penalty_fen -> BigInt,
        balance_fen -> Nullable<BigInt>,
        overdue_principal_fen -> BigInt,
        overdue_interest_fen -> BigInt,
        penalty_fen -> BigInt,
        note -> Text,
        import_id -> BigInt,
        line -> Integer,
        ordinal -> Integer,
        paid_fen -> BigInt,
        tells -> Text,
        event_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    bank_difference (id) {
        id -> BigInt,
        office_code -> Text,
        loan_id -> BigInt,
        figure -> Text,
        on_day -> Date,
        bank_fen -> BigInt,
        ours_fen -> BigInt,
        import_id -> BigInt,
        found_at -> Timestamp,
        checked_at -> Nullable<Timestamp>,
        checked_by -> Nullable<BigInt>,
        checked_reason -> Text,
        cause -> Nullable<Text>,
    }
}

diesel::table! {
    monthly_figure (office_code, month) {
        office_code -> Text,
        month -> Date,
        signed -> Integer,
        signed_fen -> BigInt,
        disbursed -> Integer,
        disbursed_fen -> BigInt,
        repaid -> Integer,
        principal_fen -> BigInt,
        interest_fen -> BigInt,
        penalty_fen -> BigInt,
        compensated_fen -> BigInt,
        balance_fen -> BigInt,
        import_id -> BigInt,
    }
}

diesel::table! {
    import_job (id) {
        id -> BigInt,
        office_code -> Text,
        staff_id -> BigInt,
        file_name -> Text,
        sheet_name -> Text,
        layout -> Text,
        product -> Text,
        as_of -> Nullable<Date>,
        state -> Text,
        content_hash -> Binary,
        rows_total -> Integer,
        rows_done -> Integer,
        new_rows -> Integer,
        same_rows -> Integer,
        changed_rows -> Integer,
        refused_rows -> Integer,
        skipped_rows -> Integer,
        differences -> Integer,
        problem -> Text,
        stop_wanted -> Bool,
        leased_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        bindings -> Text,
        findings -> Text,
        confirmed -> Bool,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Text,
    }
}

diesel::table! {
    import_file (import_id) {
        import_id -> BigInt,
        content_sealed -> Binary,
    }
}

diesel::table! {
    import_profile (office_code, headings_key) {
        office_code -> Text,
        headings_key -> Text,
        layout -> Text,
        bindings -> Text,
        staff_id -> BigInt,
        made_at -> Timestamp,
    }
}

diesel::table! {
    import_row (import_id, line) {
        import_id -> BigInt,
        line -> Integer,
        outcome -> Text,
        posted -> Bool,
        notes -> Text,
        name -> Text,
        amount_fen -> Nullable<BigInt>,
        warned -> Bool,
    }
}

diesel::table! {
    import_written (id) {
        id -> BigInt,
        office_code -> Text,
        import_id -> BigInt,
        kind -> Text,
        row_id -> BigInt,
        left_hash -> Binary,
        before_sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    history (id) {
        id -> BigInt,
        office_code -> Text,
        at -> Timestamp,
        staff_id -> Nullable<BigInt>,
        staff_name -> Text,
        action -> Text,
        file_id -> Nullable<BigInt>,
        subject -> Text,
        summary -> Text,
        reason -> Text,
        chain_no -> Nullable<BigInt>,
        chain_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    office,
    file_serial,
    staff,
    session,
    sign_in_attempt,
    person,
    person_phone,
    loan_file,
    loan,
    loan_event,
    loan_position,
    file_position,
    bank_figure,
    bank_difference,
    payments_known,
    preapplication,
    counter_day,
    booking,
    recognition,
    university_receipt,
    university_contact,
    receipt_chase,
    graduation,
    enlistment,
    monthly_figure,
    import_job,
    import_file,
    import_profile,
    import_row,
    import_written,
    history,
    meta,
    job_run,
    job_pause,
    office_setting,
    warning,
    message,
    message_wish,
    message_stop,
    borrower_code,
    contact_change,
    contact_confirmation,
    contact_point,
    contact_record,
    contact_duty,
    file_note,
    overdue_case,
    overdue_family,
    overdue_step,
    saved_list,
    policy_proposal,
    policy_decision,
    policy_compared,
    sheet_batch,
    sheet,
    sheet_return,
    sheet_photo,
    liaison,
    visit_round,
    visit_stop,
    batch,
    batch_step,
    batch_line,
    disbursement,
    season,
    attachment,
    archive_check,
);
diesel::joinable!(loan -> loan_file (file_id));
diesel::joinable!(loan_position -> loan (loan_id));
diesel::joinable!(file_position -> loan_file (file_id));
diesel::joinable!(loan_event -> loan (loan_id));
diesel::joinable!(person_phone -> person (person_id));
diesel::joinable!(session -> office (office_code));
diesel::joinable!(staff -> office (office_code));
diesel::joinable!(bank_figure -> loan (loan_id));
diesel::joinable!(bank_difference -> loan (loan_id));
diesel::joinable!(import_row -> import_job (import_id));
diesel::joinable!(contact_record -> loan_file (file_id));
diesel::joinable!(contact_duty -> loan_file (file_id));
diesel::joinable!(overdue_case -> loan_file (file_id));
diesel::joinable!(overdue_step -> overdue_case (case_id));
diesel::joinable!(sheet -> sheet_batch (batch_id));
diesel::joinable!(sheet_return -> sheet (sheet_id));
diesel::joinable!(visit_stop -> visit_round (round_id));
diesel::joinable!(visit_stop -> sheet (sheet_id));
diesel::joinable!(policy_decision -> policy_proposal (proposal_id));
