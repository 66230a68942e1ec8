//! The rows of lists of loan files in words.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::export::Column;
use super::files::Row;
use crate::app::App;
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

/// The workbook's columns of a loan file.
pub const COLUMNS: [Column<Row, NaiveDate>; 22] = [
    ("档案号", 14, |row, _| (&row.file_no).into()),
    ("姓名", 10, |row, _| (&row.name).into()),
    ("身份证号（遮盖）", 22, |row, _| (&row.id_mask).into()),
    ("乡镇（街道）", 14, |row, _| (&row.township).into()),
    ("村（社区）", 18, |row, _| (&row.village).into()),
    ("派出所", 14, |row, _| (&row.police_station).into()),
    ("毕业高中", 20, |row, _| (&row.high_school).into()),
    ("就读高校", 24, |row, _| (&row.university).into()),
    ("毕业年月", 12, |row, _| row.graduates_on.map(|on| on.format("%Y-%m").to_string()).into()),
    ("阶段", 10, |row, _| Stage::from_text(&row.stage).map_or("", |of| stage_tag(of).1).into()),
    ("合同份数", 9, |row, _| row.loans.into()),
    ("本金余额（元）", 15, |row, _| row.outstanding_fen.into()),
    ("逾期本金（元）", 15, |row, _| row.overdue_principal_fen.into()),
    ("逾期利息（元）", 15, |row, _| row.overdue_interest_fen.into()),
    ("罚息（元）", 12, |row, _| row.penalty_fen.into()),
    ("到期未还（元）", 15, |row, _| row.overdue_fen().into()),
    ("最早到期日", 12, |row, _| row.oldest_unpaid_due_on.into()),
    ("逾期天数", 9, |row, today| {
        row.oldest_unpaid_due_on.map(|day| days_between(day, *today)).into()
    }),
    ("待银行结果（元）", 15, |row, _| row.awaiting_fen.into()),
    ("待银行结果应还日", 14, |row, _| row.awaiting_on.into()),
    ("下次应还日", 12, |row, _| row.next_due_on.into()),
    ("下次应还（元）", 15, |row, _| row.next_due_fen.into()),
];

/// What a title says besides: how far the next amounts, which every row has, are assumed.
pub fn assumed(app: &App) -> String {
    let due = app.policy().due_day(app.clock.today()).in_year(app.clock.today().year());
    app.policy().assumed(due).map(|words| format!("，下次应还{words}")).unwrap_or_default()
}
