//! Certificates of settled contracts (结清证明), and where the papers of settled files lie.
//! Part of `schema.rs`; see there.

use super::{loan, loan_file, loan_position, person};

diesel::table! {
    certificate (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        loan_id -> Nullable<BigInt>,
        kind -> Text,
        number -> Text,
        check_code -> Text,
        check_key -> Nullable<Text>,
        cause -> Text,
        state -> Text,
        issued_on -> Date,
        issued_by -> Text,
        copies -> Integer,
        reason -> Text,
        voided_by -> Text,
        voided_at -> Nullable<Timestamp>,
        updated_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    certificate_line (certificate_id, loan_id) {
        certificate_id -> BigInt,
        loan_id -> BigInt,
        office_code -> Text,
        contract_no -> Text,
        loan_year -> Integer,
        disbursed_fen -> BigInt,
        settled_on -> Date,
    }
}

diesel::table! {
    archive_entry (file_id) {
        file_id -> BigInt,
        office_code -> Text,
        box_name -> Text,
        number -> Integer,
        archived_by -> Text,
        archived_on -> Date,
        version -> Integer,
    }
}

diesel::table! {
    archive_paper (file_id, place) {
        file_id -> BigInt,
        place -> Integer,
        office_code -> Text,
        title -> Text,
        contract_no -> Text,
        on_day -> Date,
        pages -> Integer,
    }
}

diesel::joinable!(certificate -> loan_file (file_id));
diesel::joinable!(certificate_line -> certificate (certificate_id));
diesel::allow_tables_to_appear_in_same_query!(certificate, certificate_line);
diesel::allow_tables_to_appear_in_same_query!(certificate, loan);
diesel::allow_tables_to_appear_in_same_query!(certificate, loan_file);
diesel::allow_tables_to_appear_in_same_query!(certificate, loan_position);
diesel::allow_tables_to_appear_in_same_query!(certificate, person);
