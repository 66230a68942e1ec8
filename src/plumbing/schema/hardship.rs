//! The tables of publicity (公示), of the recognition of hardship and of matching (名单比对). Part of
//! `schema.rs`; see there.

diesel::table! {
    publication (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        subject_id -> BigInt,
        turn -> Integer,
        lines -> Text,
        place -> Text,
        phone -> Text,
        opened_on -> Date,
        running_from -> Date,
        served -> Integer,
        working_days -> Integer,
        closes_on -> Date,
        state -> Text,
        taken_down_on -> Nullable<Date>,
        by_name -> Text,
        version -> Integer,
    }
}

diesel::table! {
    objection (id) {
        id -> BigInt,
        office_code -> Text,
        publication_id -> BigInt,
        about_id -> BigInt,
        about -> Text,
        made_on -> Date,
        said_sealed -> Binary,
        received_by -> Text,
        outcome -> Text,
        reason -> Text,
        decided_by -> Text,
        decided_on -> Nullable<Date>,
        version -> Integer,
    }
}

diesel::table! {
    hardship_round (id) {
        id -> BigInt,
        office_code -> Text,
        year -> Integer,
        term -> Text,
        school -> Text,
        apply_until -> Date,
        quota -> Nullable<Integer>,
        opened_by -> Text,
        opened_on -> Date,
        filed_no -> Nullable<Text>,
        filed_on -> Nullable<Date>,
        filed_by -> Text,
        seed -> Text,
        version -> Integer,
    }
}

diesel::table! {
    hardship_application (id) {
        id -> BigInt,
        office_code -> Text,
        round_id -> BigInt,
        name -> Text,
        grade -> Text,
        class_name -> Text,
        id_sealed -> Binary,
        id_index -> Binary,
        id_mask -> Text,
        form_sealed -> Binary,
        signed_by -> Text,
        applied_on -> Date,
        level -> Text,
        state -> Text,
        reason -> Text,
        entered_by -> Text,
        recheck -> Text,
        recheck_note -> Text,
        version -> Integer,
    }
}

diesel::table! {
    hardship_step (id) {
        id -> BigInt,
        office_code -> Text,
        application_id -> BigInt,
        step -> Text,
        on_day -> Date,
        by_name -> Text,
        staff_id -> Nullable<BigInt>,
        opinion -> Text,
        papers -> Text,
        level -> Text,
    }
}

diesel::table! {
    matching_list (id) {
        id -> BigInt,
        office_code -> Text,
        kind -> Text,
        name -> Text,
        counts -> Bool,
        source -> Text,
        file_name -> Text,
        lines -> Integer,
        entries -> Integer,
        unreadable -> Integer,
        unreadable_places -> Text,
        received_by -> Text,
        received_on -> Date,
        expires_on -> Date,
        removed_on -> Nullable<Date>,
        removed_by -> Text,
        reason -> Text,
        version -> Integer,
    }
}

diesel::table! {
    matching_entry (list_id, sheet, line, col) {
        list_id -> BigInt,
        sheet -> Integer,
        line -> Integer,
        col -> Integer,
        office_code -> Text,
        is_member -> Bool,
        id_index -> Binary,
    }
}

diesel::table! {
    matching_hit (id) {
        id -> BigInt,
        office_code -> Text,
        year -> Integer,
        kind -> Text,
        list_id -> BigInt,
        id_index -> Binary,
        id_mask -> Text,
        name -> Text,
        school -> Text,
        class_name -> Text,
        sheet -> Integer,
        line -> Integer,
        col -> Integer,
        is_member -> Bool,
        found_on -> Date,
        answer -> Text,
        note -> Text,
        answered_by -> Text,
        answered_on -> Nullable<Date>,
        version -> Integer,
    }
}

diesel::table! {
    partner (id) {
        id -> BigInt,
        office_code -> Text,
        name -> Text,
        key_sealed -> Binary,
        fingerprint -> Text,
        made_by -> Text,
        made_on -> Date,
    }
}

diesel::table! {
    partner_list (id) {
        id -> BigInt,
        office_code -> Text,
        partner_id -> BigInt,
        year -> Integer,
        made_on -> Date,
        expires_on -> Date,
        received_by -> Text,
        received_on -> Date,
        entries -> Integer,
        checksum -> Text,
    }
}

diesel::table! {
    partner_entry (list_id, id_hash, is_co) {
        list_id -> BigInt,
        id_hash -> Binary,
        is_co -> Bool,
        office_code -> Text,
    }
}

diesel::joinable!(hardship_application -> hardship_round (round_id));
diesel::allow_tables_to_appear_in_same_query!(hardship_application, hardship_round);
diesel::joinable!(matching_entry -> matching_list (list_id));
diesel::joinable!(matching_hit -> matching_list (list_id));
diesel::allow_tables_to_appear_in_same_query!(matching_list, matching_entry, matching_hit);
diesel::joinable!(partner_list -> partner (partner_id));
diesel::joinable!(partner_entry -> partner_list (list_id));
diesel::allow_tables_to_appear_in_same_query!(partner, partner_list, partner_entry);
