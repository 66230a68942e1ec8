//! The rows of lists of loan files in words.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::files::Row;
use crate::base::dates::{days_between, in_words};
use crate::base::money::Fen;
use crate::base::place::short_village;
use crate::book::statement::Stage;

/// One row as a template shows it.
#[derive(Clone, Debug, Serialize)]
pub struct RowWords {
    file_no: String,
    name: String,
    id_mask: String,
    township: String,
    village: String,
    police_station: String,
    high_school: String,
    university: String,
    graduates: String,
    stage_kind: &'static str,
    stage: &'static str,
    loans: i32,
    outstanding: Fen,
    overdue: Fen,
    overdue_days: i64,
    oldest: Option<NaiveDate>,
    /// How many due days are open; filled by the overdue list.
    pub times: usize,
    /// The day of the next step, in words, and as a tag when it is today or past.
    step: String,
    step_late: bool,
    next_due_on: Option<NaiveDate>,
    next_due_words: String,
    next_due: Fen,
    awaiting: Fen,
    awaiting_words: String,
}

/// The word and class of a stage.
pub fn stage_tag(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Undisbursed => ("wait", "待放款"),
        Stage::InStudy => ("acc", "在读"),
        Stage::Grace => ("acc", "宽限期"),
        Stage::Repaying => ("acc", "还本付息"),
        Stage::Settled => ("ok", "已结清"),
    }
}

/// A row in words.
pub fn row_words(row: &Row, today: NaiveDate) -> RowWords {
    let stage = Stage::from_text(&row.stage).unwrap_or(Stage::Undisbursed);
    let (stage_kind, stage) = stage_tag(stage);
    let step_on = row.oldest_unpaid_due_on.and_then(|day| day.succ_opt());
    RowWords {
        file_no: row.file_no.clone(),
        name: row.name.clone(),
        id_mask: row.id_mask.clone(),
        township: row.township.clone(),
        village: short_village(&row.village).to_owned(),
        police_station: row.police_station.clone(),
        high_school: row.high_school.clone(),
        university: row.university.clone(),
        graduates: row.graduates_on.map(|on| format!("{} 届", on.year())).unwrap_or_default(),
        stage_kind,
        stage,
        loans: row.loans,
        outstanding: row.outstanding_fen,
        overdue: row.overdue_fen(),
        overdue_days: row.oldest_unpaid_due_on.map_or(0, |day| days_between(day, today)),
        oldest: row.oldest_unpaid_due_on,
        times: 0,
        step: step_on.map(|day| in_words(day, today)).unwrap_or_default(),
        step_late: step_on.is_some_and(|day| day <= today),
        next_due_on: row.next_due_on,
        next_due_words: row.next_due_on.map(|day| in_words(day, today)).unwrap_or_default(),
        next_due: row.next_due_fen,
        awaiting: row.awaiting_fen,
        awaiting_words: row.awaiting_on.map(|day| in_words(day, today)).unwrap_or_default(),
    }
}
