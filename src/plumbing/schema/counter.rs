//! Tables of the counter: applications, what a second person decides, and the opening of a year.

diesel::table! {
    review (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        subject_id -> BigInt,
        link -> Text,
        name -> Text,
        summary -> Text,
        amount_fen -> Nullable<BigInt>,
        content -> Text,
        exceptions -> Text,
        state -> Text,
        round -> Integer,
        author_id -> BigInt,
        author_name -> Text,
        proposed_at -> Timestamp,
        opened_by -> Text,
        opened_at -> Nullable<Timestamp>,
        urged -> Integer,
        step -> Text,
        reason -> Text,
        decided_by -> Text,
        decided_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    review_look (review_id, staff_id, round) {
        review_id -> BigInt,
        staff_id -> BigInt,
        round -> Integer,
        office_code -> Text,
        content -> Text,
        looked_at -> Timestamp,
    }
}

diesel::table! {
    loan_application (id) {
        id -> BigInt,
        office_code -> Text,
        loan_year -> Integer,
        product -> Text,
        person_index -> Binary,
        co_index -> Nullable<Binary>,
        person_id -> Nullable<BigInt>,
        file_id -> Nullable<BigInt>,
        loan_id -> Nullable<BigInt>,
        name -> Text,
        name_key -> Text,
        id_mask -> Text,
        university -> Text,
        amount_fen -> Nullable<BigInt>,
        is_first -> Bool,
        step -> Text,
        state -> Text,
        draft_sealed -> Binary,
        contract_no -> Text,
        receipt_code -> Text,
        raised_from_fen -> Nullable<BigInt>,
        staff_name -> Text,
        submitted_at -> Nullable<Timestamp>,
        reason -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> Integer,
        township -> Text,
        source -> Text,
        staff_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    season (id) {
        id -> BigInt,
        office_code -> Text,
        year -> Integer,
        state -> Text,
        opens_on -> Date,
        closes_on -> Date,
        by_name -> Text,
        changed_at -> Timestamp,
        reason -> Text,
        version -> Integer,
    }
}

diesel::table! {
    attachment (id) {
        id -> BigInt,
        office_code -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        paper -> Text,
        name -> Text,
        media -> Text,
        bytes -> Integer,
        hash -> Text,
        added_by -> Text,
        added_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
        removed_by -> Text,
        reason -> Text,
        version -> Integer,
    }
}

diesel::table! {
    archive_check (application_id) {
        application_id -> BigInt,
        office_code -> Text,
        student_signed -> Bool,
        co_signed -> Bool,
        office_signed -> Bool,
        stamped -> Bool,
        applied_on -> Nullable<Date>,
        signed_on -> Nullable<Date>,
        approved_on -> Nullable<Date>,
        missing -> Text,
        checked_by -> Text,
        checked_at -> Timestamp,
        version -> Integer,
    }
}
