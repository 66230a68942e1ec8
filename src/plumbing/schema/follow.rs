//! The tables of yearly contact and the overdue ladder: records, duties, the contact tree, cases,
//! sheets, liaisons, visit rounds. Part of `schema.rs`; see there.

diesel::table! {
    contact_point (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        kind -> Text,
        name -> Text,
        relation -> Text,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        phone_mask -> Text,
        may_know -> Text,
        tried -> Text,
        tried_on -> Nullable<Date>,
        note -> Text,
        source -> Text,
        recorded_at -> Timestamp,
        retired_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    contact_record (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        on_day -> Date,
        channel -> Text,
        party -> Text,
        party_name -> Text,
        phone_id -> Nullable<BigInt>,
        point_id -> Nullable<BigInt>,
        outcome -> Text,
        ability -> Text,
        situation -> Text,
        wish -> Text,
        note -> Text,
        evidence -> Text,
        promised_on -> Nullable<Date>,
        promised_fen -> Nullable<BigInt>,
        next_on -> Nullable<Date>,
        case_id -> Nullable<BigInt>,
        sheet_id -> Nullable<BigInt>,
        source -> Text,
        staff_id -> Nullable<BigInt>,
        by_name -> Text,
        recorded_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Text,
        number_before -> Text,
        command_key -> Text,
    }
}

diesel::table! {
    file_note (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        note -> Text,
        staff_id -> Nullable<BigInt>,
        by_name -> Text,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    contact_duty (file_id, year) {
        file_id -> BigInt,
        year -> Integer,
        office_code -> Text,
        reason -> Text,
        planned_on -> Date,
        assignee_kind -> Text,
        staff_id -> Nullable<BigInt>,
        assignee -> Text,
        state -> Text,
        tries -> Integer,
        last_try_on -> Nullable<Date>,
        next_on -> Date,
        done_on -> Nullable<Date>,
        record_id -> Nullable<BigInt>,
        note -> Text,
        version -> Integer,
    }
}

diesel::table! {
    overdue_case (id) {
        id -> BigInt,
        office_code -> Text,
        file_id -> BigInt,
        state -> Text,
        stage -> Text,
        opened_on -> Date,
        stage_since -> Date,
        owner_id -> Nullable<BigInt>,
        next_step -> Text,
        next_on -> Date,
        tries -> Integer,
        reached -> Bool,
        promised_on -> Nullable<Date>,
        promised_fen -> Nullable<BigInt>,
        broken_promises -> Integer,
        last_record_id -> Nullable<BigInt>,
        parked_for -> Text,
        parked_reason -> Text,
        until_on -> Nullable<Date>,
        asked_for -> Text,
        asked_by -> Text,
        asked_reason -> Text,
        asked_at -> Nullable<Timestamp>,
        notice_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        closed_why -> Text,
        weight -> BigInt,
        version -> Integer,
        answer_for -> Nullable<BigInt>,
    }
}

diesel::table! {
    overdue_family (file_id) {
        file_id -> BigInt,
        case_id -> BigInt,
        office_code -> Text,
        person_id -> BigInt,
        name_key -> Text,
        id_mask -> Text,
        township -> Text,
        police_station -> Text,
        high_school -> Text,
        university -> Text,
        graduates_on -> Nullable<Date>,
    }
}

diesel::table! {
    overdue_step (id) {
        id -> BigInt,
        office_code -> Text,
        case_id -> BigInt,
        on_day -> Date,
        at -> Timestamp,
        kind -> Text,
        from_stage -> Text,
        to_stage -> Text,
        reason -> Text,
        record_id -> Nullable<BigInt>,
        staff_id -> Nullable<BigInt>,
        by_name -> Text,
        before -> Text,
    }
}

diesel::table! {
    saved_list (id) {
        id -> BigInt,
        office_code -> Text,
        staff_id -> BigInt,
        page -> Text,
        name -> Text,
        query -> Text,
        shared -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    sheet_batch (id) {
        id -> BigInt,
        office_code -> Text,
        purpose -> Text,
        receiver_kind -> Text,
        township -> Text,
        receiver -> Text,
        as_of -> Date,
        return_by -> Date,
        amounts -> Bool,
        letter -> Text,
        made_at -> Timestamp,
        made_by -> Text,
        handed_on -> Nullable<Date>,
        handed_by -> Text,
        handed_to -> Text,
        handed_how -> Text,
        receipt -> Text,
        chased_on -> Nullable<Date>,
        chased_times -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    sheet (id) {
        id -> BigInt,
        office_code -> Text,
        batch_id -> BigInt,
        file_id -> BigInt,
        case_id -> Nullable<BigInt>,
        number -> Text,
        place -> Integer,
        code_index -> Binary,
        code_sealed -> Binary,
        expires_at -> Timestamp,
        state -> Text,
        returned_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        closed_why -> Text,
        version -> Integer,
    }
}

diesel::table! {
    sheet_return (id) {
        id -> BigInt,
        office_code -> Text,
        sheet_id -> BigInt,
        file_id -> BigInt,
        came_by -> Text,
        came_at -> Timestamp,
        by_name -> Text,
        answers_sealed -> Binary,
        outcome -> Text,
        state -> Text,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Text,
        decided_note -> Text,
        record_id -> Nullable<BigInt>,
        command_key -> Text,
        entered_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    sheet_photo (id) {
        id -> BigInt,
        office_code -> Text,
        return_id -> BigInt,
        kind -> Text,
        bytes -> Integer,
        content_sealed -> Binary,
        added_at -> Timestamp,
    }
}

diesel::table! {
    liaison (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        township -> Text,
        place -> Text,
        login -> Text,
        name -> Text,
        phone_sealed -> Nullable<Binary>,
        phone_mask -> Text,
        password_hash -> Text,
        own_password -> Bool,
        active -> Bool,
        amounts_allowed_by -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        last_signed_in_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    visit_round (id) {
        id -> BigInt,
        office_code -> Text,
        on_day -> Date,
        title -> Text,
        first_id -> BigInt,
        first_name -> Text,
        second_id -> Nullable<BigInt>,
        second_name -> Text,
        state -> Text,
        created_at -> Timestamp,
        created_by -> Text,
        closed_at -> Nullable<Timestamp>,
        version -> Integer,
    }
}

diesel::table! {
    visit_stop (round_id, no) {
        round_id -> BigInt,
        no -> Integer,
        office_code -> Text,
        place -> Integer,
        sheet_id -> BigInt,
        state -> Text,
        done_at -> Nullable<Timestamp>,
        command_key -> Nullable<Text>,
    }
}

diesel::table! {
    policy_proposal (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        subject -> Text,
        words -> Text,
        entry -> Text,
        document -> Text,
        document_on -> Nullable<Date>,
        proposed_by -> BigInt,
        proposed_name -> Text,
        proposed_at -> Timestamp,
    }
}

diesel::table! {
    policy_decision (proposal_id) {
        proposal_id -> BigInt,
        office_code -> Text,
        decision -> Text,
        version -> Nullable<BigInt>,
        reason -> Text,
        decided_by -> BigInt,
        decided_name -> Text,
        decided_at -> Timestamp,
    }
}

diesel::table! {
    policy_compared (id) {
        id -> BigInt,
        office_code -> Text,
        rule -> Text,
        compared_by -> BigInt,
        compared_name -> Text,
        compared_at -> Timestamp,
    }
}

// Coverage counts the duties of a township or high school by their state, and by who has them.
use super::{loan_file, person};
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    loan_file::high_school,
    contact_duty::state
);
diesel::allow_columns_to_appear_in_same_group_by_clause!(person::township, contact_duty::state);
diesel::allow_columns_to_appear_in_same_group_by_clause!(person::township, contact_duty::assignee);
diesel::allow_columns_to_appear_in_same_group_by_clause!(person::township, contact_duty::staff_id);
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    person::township,
    contact_duty::assignee_kind
);
// Who has the cases of a township.
diesel::allow_columns_to_appear_in_same_group_by_clause!(person::township, overdue_case::owner_id);
