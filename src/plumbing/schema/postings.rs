//! The table of what two people record together (记账). Part of `schema.rs`; see there.

use super::loan;

diesel::table! {
    posting (id) {
        id -> BigInt,
        office_code -> Text,
        loan_id -> BigInt,
        kind -> Text,
        words -> Text,
        event -> Text,
        source -> Text,
        note -> Text,
        state -> Text,
        reason -> Text,
        staff_name -> Text,
        updated_at -> Timestamp,
        decided_by -> Text,
        decided_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::joinable!(posting -> loan (loan_id));
diesel::allow_tables_to_appear_in_same_query!(posting, loan);
