use super::loan_file;

diesel::table! {
    new_stage (file_id) {
        file_id -> BigInt,
        office_code -> Text,
        state -> Text,
        since_on -> Date,
        version -> Integer,
    }
}
diesel::joinable!(new_stage -> loan_file (file_id));
diesel::allow_tables_to_appear_in_same_query!(new_stage, loan_file);
