//! Tables of lists that go to a receiver (`book/batch`) and of what such a list pays.

diesel::table! {
    batch (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        year -> Integer,
        serial -> Integer,
        state -> Text,
        repeats_id -> Nullable<BigInt>,
        lines -> Integer,
        sum_fen -> BigInt,
        seal -> Text,
        frozen_by_id -> Nullable<BigInt>,
        version -> Integer,
    }
}

diesel::table! {
    batch_step (id) {
        id -> BigInt,
        office_code -> Text,
        batch_id -> BigInt,
        step -> Text,
        by_name -> Text,
        at -> Timestamp,
        note -> Text,
    }
}

diesel::table! {
    batch_line (id) {
        id -> BigInt,
        office_code -> Text,
        batch_id -> BigInt,
        kind -> Text,
        line -> Integer,
        subject_id -> BigInt,
        person_id -> BigInt,
        name -> Text,
        number -> Text,
        amount_fen -> BigInt,
        account_sealed -> Nullable<Binary>,
        account_mask -> Text,
        seal -> Text,
        state -> Text,
        answered_on -> Nullable<Date>,
        reason -> Text,
        running -> Bool,
    }
}

diesel::table! {
    disbursement (loan_id) {
        loan_id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        batch_id -> BigInt,
        state -> Text,
        amount_fen -> BigInt,
        to_university_fen -> BigInt,
        to_account_fen -> BigInt,
        returned_fen -> BigInt,
        since_on -> Date,
        paid_on -> Nullable<Date>,
        event_id -> Nullable<BigInt>,
        reason -> Text,
        version -> Integer,
    }
}
