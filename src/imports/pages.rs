//! What the import pages show: an import in words, its counts as links, its lines.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::store::{ImportJob, ImportRow, NOT_COMPARED};
use super::{kinds, order};
use crate::base::dates::minute;
use crate::base::ids::StaffId;
use crate::base::money::Fen;
use crate::base::url::link;
use crate::error::FieldError;
use crate::imports::layout::Layout;

/// An import as a line of the list, and as the head of its own page.
#[derive(Clone, Debug, Serialize)]
pub struct JobLine {
    pub id: String,
    /// Name of the file; with the tab when the file has several.
    pub name: String,
    /// 表格种类.
    pub layout: &'static str,
    /// Of which day its balances are.
    pub as_of: Option<NaiveDate>,
    /// `2026-10-31 12:05`
    pub at: String,
    pub who: String,
    /// Colour and words of the state.
    pub state: (&'static str, Cow<'static, str>),
    /// True while something goes on.
    pub running: bool,
    /// Lines done in the step at hand.
    pub done: i32,
    pub total: i32,
    /// Of 100.
    pub percent: i64,
    /// 新增
    pub new: i32,
    /// 一致
    pub same: i32,
    /// 更新
    pub changed: i32,
    /// 未导入
    pub refused: i32,
    /// 跳过
    pub skipped: i32,
    /// True when the counts mean something.
    pub counted: bool,
    /// Figures that differ from the bank's; none before they are compared.
    pub differences: Option<i32>,
    /// Posted and being compared with the bank.
    pub comparing: bool,
    /// Why it stands still.
    pub problem: String,
    /// When and by whom it was undone.
    pub undone: Option<(String, String)>,
    /// In line, and these have to be in the books before it goes on.
    pub waits: Vec<Wait>,
}

/// A sheet that another one waits for.
#[derive(Clone, Debug, Serialize)]
pub struct Wait {
    pub id: String,
    /// Name of its file.
    pub name: String,
    /// How it stands, and what somebody has to do about it.
    pub say: &'static str,
}

impl Wait {
    fn new(job: &ImportJob) -> Wait {
        let say = match job.state.as_str() {
            "posting" => "正在入账，或者在排队，不用做什么",
            "stopped" => "停下了：打开它，点“继续入账”",
            "checked" => "还没有入账：打开它，点“入账”",
            "failed" => "没有成功：打开它重新核对，或者放弃它",
            _ => "还没有核对完：打开它看一下，停着的点“核对”，核对完再入账",
        };
        Wait { id: job.id.to_string(), name: job.file_name.clone(), say }
    }
}

impl JobLine {
    /// `names`: who the staff are.
    pub fn new(job: &ImportJob, names: &HashMap<StaffId, String>) -> JobLine {
        let total = i64::from(job.rows_total.max(1));
        let posted = job.state == "posted";
        JobLine {
            id: job.id.to_string(),
            name: job.file_name.clone(),
            layout: Layout::from_text(&job.layout).map_or("其他", Layout::short_title),
            as_of: job.as_of.filter(|_| kinds::has_balances(&job.layout)),
            at: minute(job.created_at),
            who: names.get(&job.staff_id).cloned().unwrap_or_default(),
            state: {
                let (colour, words) = state_words(job);
                (colour, words.into())
            },
            running: is_running(job),
            done: job.rows_done,
            total: job.rows_total,
            percent: (i64::from(job.rows_done) * 100 / total).clamp(0, 100),
            new: job.new_rows,
            same: job.same_rows,
            changed: job.changed_rows,
            refused: job.refused_rows,
            skipped: job.skipped_rows,
            counted: !matches!(job.state.as_str(), "uploaded" | "checking" | "failed"),
            differences: Some(job.differences).filter(|n| posted && *n != NOT_COMPARED),
            comparing: posted && job.differences == NOT_COMPARED,
            problem: job.problem.clone(),
            undone: job.undone_at.map(|at| (minute(at), job.undone_by.clone())),
            waits: Vec::new(),
        }
    }

    /// The same with what it waits for. `open`: all imports that have not come to their end.
    pub fn among(job: &ImportJob, names: &HashMap<StaffId, String>, open: &[ImportJob]) -> JobLine {
        let mut line = JobLine::new(job, names);
        let missing = match job.state.as_str() {
            "posting" => order::missing(job, open),
            _ => Vec::new(),
        };
        let mut kinds: Vec<&str> = missing
            .iter()
            .filter_map(|one| Layout::from_text(&one.layout).map(Layout::short_title))
            .collect();
        kinds.dedup();
        if !kinds.is_empty() {
            line.state = ("wait", format!("等{}入账", kinds.join("、")).into());
        }
        line.waits = missing.into_iter().map(Wait::new).collect();
        line
    }
}

/// True while an import waits in line, runs, or is being compared with the bank.
pub fn is_running(job: &ImportJob) -> bool {
    match job.state.as_str() {
        "checking" | "posting" => true,
        "posted" => job.differences == NOT_COMPARED,
        _ => false,
    }
}

fn state_words(job: &ImportJob) -> (&'static str, &'static str) {
    let held = job.leased_until.is_some();
    if job.undone_at.is_some() {
        return ("", "已撤销");
    }
    match job.state.as_str() {
        "checking" if held => ("acc", "正在核对"),
        "checking" => ("acc", "等待核对"),
        "checked" => ("wait", "待入账"),
        "posting" if held => ("acc", "正在入账"),
        "posting" => ("acc", "等待入账"),
        "stopped" => ("wait", "已停下"),
        "posted" if job.differences == NOT_COMPARED => ("acc", "正在与银行核对"),
        "posted" => ("ok", "已入账"),
        "failed" => ("bad", "没有成功"),
        _ => ("", "还没有核对"),
    }
}

/// One of 核对, 入账, 结果.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub words: &'static str,
    /// `done`, `now`, or blank.
    pub state: &'static str,
}

/// Where an import is.
pub fn steps(job: &ImportJob) -> [Step; 3] {
    let states = match job.state.as_str() {
        "checked" | "posting" | "stopped" => ["done", "now", ""],
        "posted" => ["done", "done", "now"],
        _ => ["now", "", ""],
    };
    let [first, second, third] = states;
    [
        Step { words: "核对", state: first },
        Step { words: "入账", state: second },
        Step { words: "结果", state: third },
    ]
}

/// A count that narrows the lines below to what it counts.
#[derive(Clone, Debug, Serialize)]
pub struct Filter {
    pub words: &'static str,
    pub count: i64,
    pub href: String,
    /// True for the one that is shown.
    pub on: bool,
}

/// The kinds of lines that can be asked for, with their words.
const KINDS: [(&str, &str); 7] = [
    ("new", "新增"),
    ("changed", "更新"),
    ("refused", "未导入"),
    ("warned", "有提示"),
    ("skipped", "跳过"),
    ("same", "一致"),
    ("noted", "有说明"),
];

/// What is shown for `show`: first of all what needs attention, refused lines and then those
/// with a warning, if there are any; then what the sheet brings.
pub fn shown(job: &ImportJob, warned: i64, show: &str) -> &'static str {
    match KINDS.iter().find(|(key, _)| *key == show) {
        Some((key, _)) => key,
        None if show.is_empty() && job.refused_rows > 0 => "refused",
        None if show.is_empty() && warned > 0 => "warned",
        None if show.is_empty() && job.new_rows > 0 => "new",
        None if show.is_empty() && job.changed_rows > 0 => "changed",
        None => "",
    }
}

/// The counts of an import as links.
pub fn filters(job: &ImportJob, (warned, noted): (i64, i64), shown: &str) -> Vec<Filter> {
    let path = format!("/imports/{}", job.id);
    let count = |key: &str| match key {
        "new" => i64::from(job.new_rows),
        "changed" => i64::from(job.changed_rows),
        "refused" => i64::from(job.refused_rows),
        "skipped" => i64::from(job.skipped_rows),
        "same" => i64::from(job.same_rows),
        "warned" => warned,
        _ => noted,
    };
    let all = Filter {
        words: "全部",
        count: i64::from(job.rows_total),
        href: link(&path, &[("show", "all")]),
        on: shown.is_empty(),
    };
    let kinds = KINDS.into_iter().map(|(key, words)| Filter {
        words,
        count: count(key),
        href: link(&path, &[("show", key)]),
        on: shown == key,
    });
    std::iter::once(all).chain(kinds).collect()
}

/// A line of the sheet and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct RowLine {
    /// As a spreadsheet program numbers it.
    pub line: i32,
    pub outcome: (&'static str, &'static str),
    /// Whom it is about.
    pub name: String,
    /// The amount that tells most about it.
    pub amount: Option<Fen>,
    /// Somebody should look at it.
    pub warned: bool,
    pub notes: Vec<String>,
}

impl RowLine {
    /// A line of this import.
    pub fn of(job: &ImportJob, row: ImportRow) -> RowLine {
        RowLine {
            line: row.line,
            outcome: outcome_words(job, &row),
            name: row.name,
            amount: row.amount_fen,
            warned: row.warned && row.outcome != "refused",
            notes: row.notes.lines().map(str::to_owned).collect(),
        }
    }
}

/// Colour and word of an outcome, before and after posting, and when it was undone.
pub fn outcome_words(job: &ImportJob, row: &ImportRow) -> (&'static str, &'static str) {
    match (row.outcome.as_str(), row.posted) {
        ("new" | "changed", true) if job.undone_at.is_some() => ("", "已撤销"),
        ("new", true) => ("ok", "已新增"),
        ("new", false) => ("acc", "新增"),
        ("changed", true) => ("ok", "已更新"),
        ("changed", false) => ("acc", "更新"),
        ("same", _) => ("", "一致"),
        ("refused", _) => ("bad", "未导入"),
        _ => ("", "跳过"),
    }
}

/// An import that another one waits for, or that came with it.
#[derive(Clone, Debug, Serialize)]
pub struct Sibling {
    pub job: JobLine,
    /// It has to be posted before the one at hand.
    pub before: bool,
}

/// `imports/show.html`
#[derive(Debug, Serialize)]
pub struct JobPage {
    pub job: JobLine,
    pub state: String,
    pub steps: [Step; 3],
    pub filters: Vec<Filter>,
    pub rows: Vec<RowLine>,
    /// This page, for polling.
    pub here: String,
    /// The first page of the lines, when this is another.
    pub first: Option<String>,
    /// The next page of lines.
    pub next: Option<String>,
    /// What came with it.
    pub siblings: Vec<Sibling>,
    /// Names of the imports that are posted along, before it.
    pub before: Vec<String>,
    /// It cannot be posted before these are checked.
    pub waits_for: Vec<String>,
    /// What is out of the ordinary about the sheet: does it stop, and the sentence.
    pub findings: Vec<(bool, String)>,
    /// Lines that are the same as an earlier one were left out.
    pub once: bool,
    /// Somebody has to confirm these first.
    pub waits: bool,
    /// By what it is known that they have not changed since.
    pub seen: String,
    /// Headings and the columns they are read as.
    pub bound: Vec<(String, String)>,
    /// Headings that are not read.
    pub unread: Vec<String>,
    /// Columns that the sheet does not have.
    pub absent: Vec<String>,
    /// The sheet has balances, and nobody said of which day.
    pub asks_as_of: bool,
    /// What was typed there.
    pub as_of: String,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
}

/// `imports/list.html`
#[derive(Debug, Serialize)]
pub struct ListPage {
    /// The imports, newest first.
    pub rows: Vec<JobLine>,
    /// The first page, when this is another.
    pub first: Option<String>,
    pub next: Option<String>,
    /// How many may be posted now.
    pub ready: usize,
    /// The lines these would add.
    pub ready_new: i32,
    /// The lines these would change.
    pub ready_changed: i32,
    /// The lines these leave out.
    pub ready_refused: i32,
    /// Kinds of which several wait: a line that two of them have is counted twice above.
    pub ready_twice: Vec<&'static str>,
    pub running: bool,
    /// The ten sheets: key and name.
    pub layouts: Vec<(&'static str, &'static str)>,
}

/// `imports/new.html`
#[derive(Debug, Serialize)]
pub struct NewPage {
    /// What was typed as the day of the balances.
    pub as_of: String,
    /// `cdb` or `local`.
    pub product: String,
    /// The most that may be sent at once.
    pub upload_mb: usize,
    /// The ten sheets: key and name.
    pub layouts: Vec<(&'static str, &'static str)>,
    pub errors: Vec<FieldError>,
    /// Files that were taken although others were not.
    pub taken: Vec<JobLine>,
}

/// Keys and short names of the ten sheets.
pub fn layouts() -> Vec<(&'static str, &'static str)> {
    Layout::ALL.into_iter().map(|layout| (layout.as_text(), layout.short_title())).collect()
}
