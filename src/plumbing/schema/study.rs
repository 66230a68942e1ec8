//! The table of enrolment changes (就学信息变更). Part of `schema.rs`; see there.

use super::loan_file;

diesel::table! {
    study_change (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        kind -> Text,
        state -> Text,
        happened_on -> Date,
        ends_on -> Nullable<Date>,
        ended_on -> Date,
        university -> Text,
        major -> Text,
        proof -> Text,
        note -> Text,
        signed_by -> Text,
        signed_on -> Nullable<Date>,
        reason -> Text,
        staff_name -> Text,
        updated_at -> Timestamp,
        decided_by -> Text,
        decided_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::joinable!(study_change -> loan_file (file_id));
diesel::allow_tables_to_appear_in_same_query!(study_change, loan_file);
