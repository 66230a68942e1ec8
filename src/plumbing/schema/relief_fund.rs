//! The tables of relief (还款救助) and of the money of the state (资金登记). Part of `schema.rs`;
//! see there.

use super::{loan, loan_file, person};

diesel::table! {
    relief (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        class -> Text,
        class_name -> Text,
        applicant -> Text,
        applicant_name -> Text,
        happened_on -> Date,
        cost_fen -> Nullable<BigInt>,
        note -> Text,
        state -> Text,
        applied_on -> Date,
        city_on -> Nullable<Date>,
        province_on -> Nullable<Date>,
        granted_on -> Nullable<Date>,
        document -> Text,
        paid_on -> Nullable<Date>,
        reason -> Text,
        staff_name -> Text,
        updated_at -> Timestamp,
        decided_by -> Text,
        version -> Integer,
    }
}

diesel::table! {
    relief_line (relief_id, loan_id) {
        relief_id -> BigInt,
        loan_id -> BigInt,
        office_code -> Text,
        asked_fen -> BigInt,
        paid_fen -> Nullable<BigInt>,
        posting_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    fund_entry (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        year -> Integer,
        settled_on -> Nullable<Date>,
        authority -> Text,
        product -> Text,
        purpose -> Text,
        on_day -> Date,
        amount_fen -> BigInt,
        document -> Text,
        note -> Text,
        state -> Text,
        reason -> Text,
        staff_name -> Text,
        updated_at -> Timestamp,
        decided_by -> Text,
        version -> Integer,
    }
}

diesel::joinable!(relief -> loan_file (file_id));
diesel::joinable!(relief_line -> relief (relief_id));
diesel::joinable!(relief_line -> loan (loan_id));
diesel::allow_tables_to_appear_in_same_query!(relief, loan_file);
diesel::allow_tables_to_appear_in_same_query!(relief, person);
diesel::allow_tables_to_appear_in_same_query!(relief_line, relief);
diesel::allow_tables_to_appear_in_same_query!(relief_line, loan);
