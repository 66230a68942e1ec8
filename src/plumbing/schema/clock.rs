//! The tables of the clock side: jobs, warnings, messages, the borrower's own pages. Part of
//! `schema.rs`; see there.

diesel::table! {
    form_done (office_code, form_key) {
        office_code -> Text,
        form_key -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    job_run (job, planned_for) {
        job -> Text,
        planned_for -> Date,
        state -> Text,
        attempts -> Integer,
        leased_until -> Nullable<Timestamp>,
        leased_by -> Text,
        next_try_at -> Nullable<Timestamp>,
        started_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        done_count -> BigInt,
        skipped_count -> BigInt,
        failed_count -> BigInt,
        note -> Text,
        problem -> Text,
    }
}

diesel::table! {
    job_pause (office_code, job) {
        office_code -> Text,
        job -> Text,
        since -> Timestamp,
        by_name -> Text,
        reason -> Text,
    }
}

diesel::table! {
    office_setting (office_code, key) {
        office_code -> Text,
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    warning (office_code, kind, key) {
        office_code -> Text,
        kind -> Text,
        key -> Text,
        level -> Text,
        title -> Text,
        advice -> Text,
        url -> Text,
        due_on -> Nullable<Date>,
        since -> Timestamp,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    message (id) {
        id -> BigInt,
        office_code -> Text,
        subject -> Text,
        reason -> Text,
        planned_on -> Date,
        file_id -> Nullable<BigInt>,
        person_id -> Nullable<BigInt>,
        phone_id -> Nullable<BigInt>,
        channel -> Text,
        to_mask -> Text,
        title -> Text,
        text_sealed -> Binary,
        vendor_fields -> Text,
        parts -> Integer,
        check_code -> Text,
        urgent -> Bool,
        state -> Text,
        not_before -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        attempts -> Integer,
        leased_by -> Text,
        leased_until -> Nullable<Timestamp>,
        gateway -> Text,
        gateway_ref -> Text,
        problem -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        delivered_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    message_wish (person_id, kind) {
        person_id -> BigInt,
        kind -> Text,
        office_code -> Text,
        sms -> Bool,
        email -> Bool,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    message_stop (person_id) {
        person_id -> BigInt,
        office_code -> Text,
        why -> Text,
        note -> Text,
        by_name -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    borrower_code (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> Nullable<BigInt>,
        subject -> Binary,
        request_hash -> Binary,
        code_hash -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        tries -> Integer,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    contact_change (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        file_id -> Nullable<BigInt>,
        field -> Text,
        value_sealed -> Binary,
        value_mask -> Text,
        source -> Text,
        state -> Text,
        asked_at -> Timestamp,
        asked_by_person -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Text,
        answer -> Text,
        asked_by_staff -> Nullable<BigInt>,
    }
}

diesel::table! {
    contact_confirmation (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        person_id -> BigInt,
        year -> Integer,
        source -> Text,
        confirmed_at -> Timestamp,
    }
}
