//! Tables of stages that are filled by imports or are new; `scripts/new-stage` adds one at the end.

use super::loan_file;

diesel::table! {
    preapplication (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        year -> Integer,
        high_school -> Text,
        class_name -> Text,
        family_kind -> Text,
        applied_on -> Nullable<Date>,
        school_opinion -> Text,
        county_opinion -> Text,
        import_id -> BigInt,
        holds_grant -> Bool,
        is_draft -> Bool,
        entered_by -> Text,
        decided_by -> Text,
        decided_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    demand_survey (office_code, year, high_school) {
        office_code -> Text,
        year -> Integer,
        high_school -> Text,
        pupils -> Integer,
        willing -> Integer,
        undecided -> Integer,
        expected_fen -> Nullable<BigInt>,
        reported_by -> Text,
        reported_on -> Date,
        version -> Integer,
    }
}

diesel::table! {
    recognition (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        year -> Integer,
        level -> Text,
        recognised_on -> Nullable<Date>,
        reason -> Text,
        class_opinion -> Text,
        grade_opinion -> Text,
        import_id -> BigInt,
    }
}

diesel::table! {
    university_receipt (id) {
        id -> BigInt,
        office_code -> Text,
        loan_id -> Nullable<BigInt>,
        student_number -> Text,
        loan_year -> Integer,
        code -> Text,
        name -> Text,
        class_name -> Text,
        university -> Text,
        amount_fen -> BigInt,
        is_first -> Bool,
        mismatch -> Text,
        import_id -> BigInt,
        tuition_fen -> Nullable<BigInt>,
        lodging_fen -> Nullable<BigInt>,
        entered_on -> Nullable<Date>,
        told_by -> Text,
        state -> Text,
        contract_on -> Nullable<Date>,
        decided_by -> Text,
        decided_at -> Nullable<Timestamp>,
        reason -> Text,
        version -> Integer,
    }
}

diesel::table! {
    graduation (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        university -> Text,
        graduated_on -> Nullable<Date>,
        confirmed_on -> Nullable<Date>,
        destination -> Text,
        loans -> Nullable<Integer>,
        principal_fen -> Nullable<BigInt>,
        self_pay_from -> Nullable<Date>,
        note -> Text,
        import_id -> BigInt,
        way -> Text,
        confirmed_by -> Text,
        confirmed_at -> Nullable<Timestamp>,
        department -> Text,
        qq -> Text,
        postcode -> Text,
        employer -> Text,
        employer_kind -> Text,
        employer_address -> Text,
        next_school -> Text,
        contact_name -> Text,
        version -> Integer,
    }
}

diesel::joinable!(graduation -> loan_file (file_id));

diesel::table! {
    enlistment (id) {
        id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        enlisted_on -> Date,
        discharged_on -> Nullable<Date>,
        university -> Text,
        contract_nos -> Text,
        principal_fen -> BigInt,
        asked_fen -> BigInt,
        granted_fen -> BigInt,
        paid_on -> Nullable<Date>,
        import_id -> BigInt,
    }
}

diesel::table! {
    university_contact (id) {
        id -> BigInt,
        office_code -> Text,
        university -> Text,
        person -> Text,
        phone -> Text,
        email -> Text,
        address -> Text,
        version -> Integer,
    }
}

diesel::table! {
    receipt_chase (id) {
        id -> BigInt,
        office_code -> Text,
        university -> Text,
        loan_year -> Integer,
        on_day -> Date,
        by_name -> Text,
        how -> Text,
        result -> Text,
    }
}

diesel::table! {
    counter_day (id) {
        id -> BigInt,
        office_code -> Text,
        on_day -> Date,
        place -> Text,
        series -> Text,
        hours -> Text,
        desks -> Integer,
        per_slot -> Integer,
        townships -> Text,
        closed_reason -> Text,
        version -> Integer,
    }
}

diesel::table! {
    booking (id) {
        id -> BigInt,
        office_code -> Text,
        day_id -> BigInt,
        year -> Integer,
        slot_min -> Nullable<Integer>,
        turn_min -> Integer,
        person_id -> Nullable<BigInt>,
        name -> Text,
        kind -> Text,
        source -> Text,
        state -> Text,
        ticket -> Nullable<Integer>,
        desk -> Nullable<Integer>,
        called_at -> Nullable<Timestamp>,
        done_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}
diesel::joinable!(booking -> counter_day (day_id));
