//! What happened, in words, and where it was recorded from.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::dates::local;
use crate::base::ids::ImportId;
use crate::base::scope::Scope;
use crate::book::events::EventRow;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::import_job;

/// File names of imports.
pub type Names = HashMap<ImportId, String>;

/// `import 904218125797634048 line 16`: which import, which line.
fn import_of(source: &str) -> Option<(ImportId, &str)> {
    let (id, line) = source.strip_prefix("import ")?.split_once(" line ")?;
    Some((ImportId::new(id.parse().ok()?), line))
}

/// `撤销导入 904218125797634048`: the import that was taken back.
fn undone_of(source: &str) -> Option<ImportId> {
    Some(ImportId::new(source.strip_prefix("撤销导入 ")?.parse().ok()?))
}

/// The names of the files that events came from.
pub fn names<'a>(
    db: &mut Db,
    scope: &Scope,
    rows: impl Iterator<Item = &'a EventRow>,
) -> AppResult<Names> {
    let of = |row: &EventRow| {
        import_of(&row.source).map(|(id, _)| id).or_else(|| undone_of(&row.source))
    };
    let ids: Vec<ImportId> = rows.filter_map(of).collect();
    let found: Vec<(ImportId, String)> = import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::id.eq_any(ids))
        .select((import_job::id, import_job::file_name))
        .load(db)?;
    Ok(found.into_iter().collect())
}

/// `还款明细.xlsx 第 16 行，2026-11-02 09:30 记入`
pub fn source(row: &EventRow, names: &Names) -> String {
    let recorded = local(row.recorded_at).format("%Y-%m-%d %H:%M");
    let undone = undone_of(&row.source).and_then(|id| names.get(&id));
    let source = match import_of(&row.source) {
        None if undone.is_some() => {
            format!("撤销导入“{}”", undone.map_or("", String::as_str))
        }
        Some((id, line)) => match names.get(&id) {
            Some(name) => format!("{name} 第 {line} 行"),
            None => format!("导入的文件第 {line} 行"),
        },
        None if row.source == "desk" => "窗口登记".to_owned(),
        None => row.source.clone(),
    };
    if source.is_empty() {
        format!("{recorded} 记入")
    } else {
        format!("{source}，{recorded} 记入")
    }
}

/// What it was, and what else it says.
pub fn what(row: &EventRow) -> (&'static str, String) {
    let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    match row.kind.as_str() {
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
    }
}
