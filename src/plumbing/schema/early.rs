//! The table of early repayments (提前还款). Part of `schema.rs`; see there.

use super::{loan, loan_file, person};

diesel::table! {
    early_repayment (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        loan_id -> BigInt,
        state -> Text,
        part_fen -> Nullable<BigInt>,
        requester -> Text,
        source -> Text,
        requested_on -> Date,
        settles_on -> Date,
        needed_fen -> BigInt,
        sent_on -> Nullable<Date>,
        is_debited -> Nullable<Bool>,
        debited_on -> Nullable<Date>,
        debited_fen -> Nullable<BigInt>,
        reason -> Text,
        staff_name -> Text,
        updated_at -> Timestamp,
        decided_by -> Text,
        version -> Integer,
    }
}

diesel::joinable!(early_repayment -> loan_file (file_id));
diesel::joinable!(early_repayment -> loan (loan_id));
diesel::allow_tables_to_appear_in_same_query!(early_repayment, loan_file);
diesel::allow_tables_to_appear_in_same_query!(early_repayment, loan);
diesel::allow_tables_to_appear_in_same_query!(early_repayment, person);
