//! 流水: what happened, newest first, with where it was recorded from.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::load::Facts;
use crate::base::dates::local;
use crate::base::ids::{EventId, ImportId};
use crate::base::scope::Scope;
use crate::book::events::EventRow;
use crate::book::posting;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::import_job;

#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub on: NaiveDate,
    /// `放款`, `正常还款` ...
    pub what: &'static str,
    /// The amount, `6,500.00`; blank when there is none.
    pub amount: String,
    /// What else it says.
    pub detail: String,
    pub contract_no: String,
    /// How the money came.
    pub channel: String,
    /// Where it was recorded from, and when.
    pub source: String,
    /// A later line undid this one.
    pub undone: bool,
    /// Recorded by hand: it may be taken back by hand.
    pub by_hand: Option<i64>,
}

/// File names of imports.
pub type Names = HashMap<ImportId, String>;

/// `import 904218125797634048 line 16`: which import, which line.
fn import_of(source: &str) -> Option<(ImportId, &str)> {
    let (id, line) = source.strip_prefix("import ")?.split_once(" line ")?;
    Some((ImportId::new(id.parse().ok()?), line))
}

/// The names of the files that the events of a loan file came from.
pub fn names(db: &mut Db, scope: &Scope, facts: &Facts) -> AppResult<Names> {
    let rows = facts.contracts.iter().flat_map(|contract| &contract.rows);
    let ids: Vec<ImportId> =
        rows.filter_map(|row| import_of(&row.source).map(|(id, _)| id)).collect();
    let found: Vec<(ImportId, String)> = import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::id.eq_any(ids))
        .select((import_job::id, import_job::file_name))
        .load(db)?;
    Ok(found.into_iter().collect())
}

fn source_in_words(source: &str, names: &Names) -> String {
    match import_of(source) {
        Some((id, line)) => match names.get(&id) {
            Some(name) => format!("{name} 第 {line} 行"),
            None => format!("导入的文件第 {line} 行"),
        },
        None if source == "desk" => "窗口登记".to_owned(),
        None => source.to_owned(),
    }
}

/// All events of a file, newest first.
pub fn lines(facts: &Facts, names: &Names) -> Vec<Line> {
    let mut lines: Vec<(NaiveDate, EventId, Line)> = Vec::new();
    for contract in &facts.contracts {
        for row in &contract.rows {
            let undone = contract.rows.iter().any(|other| other.reverses_id == Some(row.id));
            let source = source_in_words(&row.source, names);
            let line = line(row, &contract.loan.contract_no, undone, &source);
            lines.push((row.effective_on, row.id, line));
        }
    }
    lines.sort_by_key(|(on, id, _)| std::cmp::Reverse((*on, *id)));
    lines.into_iter().map(|(_, _, line)| line).collect()
}

fn line(row: &EventRow, contract_no: &str, undone: bool, source: &str) -> Line {
    let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    let (what, detail) = match row.kind.as_str() {
        "disbursed" => ("放款", String::new()),
        "paid" => ("还款", String::new()),
        "prepaid" if row.whole => ("提前还款", "全部还清".to_owned()),
        "prepaid" => ("提前还款", "部分本金".to_owned()),
        "compensated" => ("国家代偿", String::new()),
        "relieved" => ("还款救助", String::new()),
        "interest_waived" => ("利息免除", row.year.map(|y| format!("{y} 年")).unwrap_or_default()),
        "principal_deferred" => {
            ("本金延期", row.year.map(|y| format!("{y} 年的本金推迟一年")).unwrap_or_default())
        }
        "subsidy_end_moved" => ("贴息延期", format!("贴息到 {}", day(row.to_on))),
        "study_ended_early" => ("提前结束学业", "从次月起自付利息".to_owned()),
        "plan_set" => {
            ("银行还款计划", row.first_year.map(|y| format!("{y} 年起")).unwrap_or_default())
        }
        "rate_set" => {
            ("银行给定利率", row.rate_ppm.map(|r| format!("年利率 {r}%")).unwrap_or_default())
        }
        "amount_raised" => ("提额", "放款前".to_owned()),
        "reversed" => ("更正", "撤销一笔记录".to_owned()),
        _ => ("其他", String::new()),
    };
    let recorded = local(row.recorded_at).format("%Y-%m-%d %H:%M");
    let source = if source.is_empty() {
        format!("{recorded} 记入")
    } else {
        format!("{source}，{recorded} 记入")
    };
    Line {
        on: row.effective_on,
        what,
        amount: row.amount_fen.map(|fen| fen.to_page_text()).unwrap_or_default(),
        detail,
        contract_no: contract_no.to_owned(),
        channel: row.channel.clone(),
        source,
        undone,
        by_hand: row.command_key.starts_with(posting::KEY).then(|| row.id.get()),
    }
}
