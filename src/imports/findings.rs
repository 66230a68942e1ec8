//! What the check finds out about a sheet as a whole, before anybody posts it: which columns are
//! read, and what is out of the ordinary. What stops a sheet has to be confirmed by a person.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::kinds;
use super::plan::BatchContext;
use super::read::{Lines, ReadSheet};
use super::store::{self, ImportJob};
use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::office::Office;
use crate::book::{loan, person};
use crate::error::AppResult;
use crate::imports::layout::{ColumnKind, Fault, Layout, RowMessage, Severity, totals};
use crate::plumbing::db::Db;

/// A list of as many lines as this is worth comparing with another one.
const MANY: i32 = 20;
/// A list with fewer lines than this share of the last one, in percent, may be half of it.
const HALF_PERCENT: i64 = 70;

text_enum! {
    /// What a finding is about, where something is decided by it later.
    About {
        Sheet = "", "这份表";
        /// The sheet is that of one township.
        Part = "part", "一部分";
        /// The sheet has far fewer lines than the whole one before.
        Less = "less", "少了很多";
        /// Of lines that are the same in every column one is booked.
        Once = "once", "只入一次";
        /// The disbursements that posting books.
        PayOuts = "pay_outs", "放款";
    }
}

/// Something out of the ordinary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// It is not posted until somebody confirms.
    pub stops: bool,
    /// What it is about.
    pub about: About,
    /// What was found, and what it means, in one sentence.
    pub text: String,
}

impl Finding {
    fn stop(text: impl Into<String>) -> Finding {
        Finding { stops: true, ..Finding::say(text) }
    }

    fn say(text: impl Into<String>) -> Finding {
        Finding { stops: false, about: About::Sheet, text: text.into() }
    }

    fn about(self, about: About) -> Finding {
        Finding { about, ..self }
    }
}

/// Findings as kept: one a line, those that stop with a mark in front, and before a tab what it is
/// about.
pub fn to_text(findings: &[Finding]) -> String {
    let line = |one: &Finding| {
        let (mark, about) = (if one.stops { '!' } else { '-' }, one.about.as_text());
        let about = if about.is_empty() { String::new() } else { format!("{about}\t") };
        format!("{mark}{about}{}", one.text)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Findings as kept, read again.
pub fn from_text(text: &str) -> Vec<Finding> {
    let read = |line: &str| {
        let stops = line.starts_with('!');
        let rest = line.strip_prefix(['!', '-']).unwrap_or(line);
        let parted =
            rest.split_once('\t').and_then(|(key, text)| Some((About::from_text(key)?, text)));
        let (about, text) = parted.unwrap_or((About::Sheet, rest));
        Finding { stops, about, text: text.to_owned() }
    };
    text.lines().map(read).collect()
}

/// Has the check found this of an import?
pub fn says(job: &ImportJob, about: About) -> bool {
    from_text(&job.findings).iter().any(|one| one.about == about)
}

/// Adds that posting books disbursements: a list of contracts moves millions, too.
pub fn tell_pay_outs(text: &mut String, count: usize, sum: Fen) {
    if count == 0 {
        return;
    }
    let mut found = from_text(text);
    let sum = sum.to_page_text();
    let words = format!("入账会记 {count} 笔放款，共 ¥{sum}；贷款余额从发放日起算。");
    found.push(Finding::say(words).about(About::PayOuts));
    *text = to_text(&found);
}

/// The findings about the sheet itself.
pub fn without_pay_outs(text: &str) -> String {
    let mut found = from_text(text);
    found.retain(|finding| finding.about != About::PayOuts);
    to_text(&found)
}

/// True when a sheet may not be posted before somebody has confirmed what was found.
pub fn waits(job: &ImportJob) -> bool {
    !job.confirmed && from_text(&job.findings).iter().any(|finding| finding.stops)
}

/// Everything out of the ordinary about a sheet.
pub fn check(
    db: &mut Db,
    scope: &Scope,
    office: &Office,
    job: &ImportJob,
    lines: &Lines,
    companions: &BatchContext,
) -> AppResult<Vec<Finding>> {
    let sheet = &lines.sheet;
    let mut findings = Vec::new();
    findings.extend(other_county(office, sheet));
    let contracts = contracts_of(lines);
    // A list of contracts brings its own; what another sheet of the upload brings is known.
    let own = sheet.binding.layout == Layout::CONTRACTS;
    let expected = !own && contracts.iter().any(|no| companions.contract_nos.contains(no));
    if !contracts.is_empty() && !expected {
        findings.extend(unknown_contracts(db, scope, office, sheet, &contracts)?);
    }
    findings.extend(
        totals::contradictions(&sheet.table, &sheet.binding).into_iter().map(Finding::stop),
    );
    findings.extend(unread(job, sheet));
    if let Some(unit) = sheet.binding.stated_unit() {
        findings.push(Finding::say(format!("表里写明金额单位是{unit}，金额已换算成元。")));
    }
    findings.extend(hidden(sheet));
    findings.extend(once(lines));
    let others = store::of_layout(db, scope, job)?;
    findings.extend(same_content(job, &others));
    findings.extend(older(job, &others));
    match part(db, scope, job, sheet)? {
        Some(township) => findings.push(of_part(job, &township)),
        None => findings.extend(half(job, lines, &others)),
    }
    Ok(findings)
}

/// The township that the title of a bank's list names: it is a part, whatever it holds.
pub fn part(
    db: &mut Db,
    scope: &Scope,
    job: &ImportJob,
    sheet: &ReadSheet,
) -> AppResult<Option<String>> {
    if !kinds::has_balances(&job.layout) {
        return Ok(None);
    }
    let titles = &sheet.binding.titles;
    let names = |township: &String| titles.iter().any(|title| title.contains(township.as_str()));
    Ok(person::townships(db, scope)?.into_iter().find(names))
}

fn of_part(job: &ImportJob, township: &str) -> Finding {
    let tells = if job.layout == Layout::REPAYMENTS.as_text() {
        "只更新表里有的合同，单凭它“银行数据截至”不会往前走。"
    } else {
        "只更新表里有的合同。"
    };
    let text = format!("标题写的是“{township}”：这是一部分合同的表，不是全县的。{tells}");
    Finding::say(text).about(About::Part)
}

/// A column that is not read while one of amounts is missing: most likely it was renamed.
fn unread(job: &ImportJob, sheet: &ReadSheet) -> Option<Finding> {
    let binding = &sheet.binding;
    if binding.extra.is_empty() {
        return None;
    }
    let names = binding.extra.join("、");
    let of_money = |name: &&&str| {
        let mut columns = binding.layout.columns().iter();
        columns.any(|column| column.heading == **name && column.kind == ColumnKind::Money)
    };
    let missing: Vec<&str> = binding.absent.iter().filter(of_money).copied().collect();
    if kinds::has_balances(&job.layout) && !missing.is_empty() {
        return Some(Finding::stop(format!(
            "没有读取的列：{names}。同时表里没有 {}，可能是改了列名：请在“列的对应”里选定，\
             确实没有的，确认后再入账。",
            missing.join("、")
        )));
    }
    Some(Finding::say(format!("没有读取的列：{names}。要用的话，请在“列的对应”里选定它是什么。")))
}

fn once(lines: &Lines) -> Option<Finding> {
    let same =
        |note: &RowMessage| note.fault == Fault::DuplicateRow && note.severity == Severity::Warning;
    let same: Vec<String> = lines
        .iter()
        .filter(|line| line.skipped.as_ref().is_some_and(same))
        .map(|line| line.line.to_string())
        .collect();
    let shown = same.iter().take(10).cloned().collect::<Vec<_>>().join("、");
    let more = if same.len() > 10 { "等" } else { "" };
    (!same.is_empty()).then(|| {
        Finding::say(format!(
            "第 {shown} 行{more}和前面的行完全相同，只入一次。如果确实还了两次，要由银行的清单说明\
             （例如每次还款后的余额），请向银行核实。"
        ))
        .about(About::Once)
    })
}

fn hidden(sheet: &ReadSheet) -> Vec<Finding> {
    let hidden = &sheet.table.hidden;
    let mut found = Vec::new();
    let from = sheet.binding.heading_line;
    let lines: Vec<String> =
        hidden.lines.iter().filter(|line| **line > from).map(u32::to_string).collect();
    if !lines.is_empty() {
        let shown = lines.iter().take(10).cloned().collect::<Vec<_>>().join("、");
        let more = if lines.len() > 10 { "等" } else { "" };
        found.push(Finding::say(format!(
            "有 {} 行在表格里是隐藏的（或被筛选掉），也读取了：第 {shown} 行{more}。",
            lines.len()
        )));
    }
    let columns = sheet.binding.bound().filter(|(cell, ..)| hidden.columns.contains(cell));
    let columns: Vec<&str> = columns.map(|(_, written, _)| written).collect();
    if !columns.is_empty() {
        found.push(Finding::say(format!("隐藏的列也读取了：{}。", columns.join("、"))));
    }
    if !hidden.sheets.is_empty() {
        let names: Vec<String> = hidden.sheets.iter().map(|name| format!("“{name}”")).collect();
        found.push(Finding::say(format!(
            "隐藏的工作表没有读取：{}。要导入的话，请在表格软件里取消隐藏后重新上传。",
            names.join("、")
        )));
    }
    found
}

/// `乐至县` of `乐至县学生资助管理中心`.
fn county_of(text: &str) -> Option<&str> {
    let end = ["县", "区", "旗", "市"].iter().find_map(|word| {
        let at = text.find(word)?;
        Some(at + word.len())
    })?;
    text.get(..end)
}

fn other_county(office: &Office, sheet: &ReadSheet) -> Option<Finding> {
    let own = county_of(&office.name)?;
    if sheet.binding.titles.iter().any(|title| title.contains(own)) {
        return None;
    }
    let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    let none = ["社区", "校区", "地区", "片区", "学区", "辖区", "园区"];
    for title in &sheet.binding.titles {
        for run in title.split(|c: char| !is_han(c)) {
            let named = ["县", "区", "旗"].iter().find_map(|word| {
                let (front, _) = run.split_once(word)?;
                let front = front.rsplit(['省', '市']).next()?;
                (2..=5).contains(&front.chars().count()).then(|| format!("{front}{word}"))
            });
            let other = named.filter(|name| !none.iter().any(|word| name.ends_with(word)));
            if let Some(other) = other {
                return Some(Finding::stop(format!(
                    "标题写的是“{other}”，本中心是“{own}”：可能是别的县的表，请核对。"
                )));
            }
        }
    }
    None
}

fn contracts_of(lines: &Lines) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines.iter() {
        let row = line.parsed.as_ref().and_then(|parsed| parsed.row.as_ref());
        found.extend(row.into_iter().flat_map(|row| row.contract_numbers()).cloned());
    }
    found
}

/// Contracts of which the office knows none are those of another county, or their list is yet
/// to come.
fn unknown_contracts(
    db: &mut Db,
    scope: &Scope,
    office: &Office,
    sheet: &ReadSheet,
    contracts: &BTreeSet<String>,
) -> AppResult<Option<Finding>> {
    let numbers: Vec<String> = contracts.iter().cloned().collect();
    if loan::has_any(db, scope, &numbers)? {
        return Ok(None);
    }
    let foreign = numbers.iter().all(|no| !no.starts_with(&office.code));
    let count = numbers.len();
    if sheet.binding.layout != Layout::CONTRACTS {
        return Ok(Some(Finding::stop(format!(
            "这张表的 {count} 份合同，本中心一份都没有登记：可能是别的县的表，\
             或者还没有导入合同明细。"
        ))));
    }
    // A year's new contracts are all unknown; what gives another county away is its code.
    Ok(foreign.then(|| {
        Finding::stop(format!(
            "这张表的 {count} 份合同，编号都不以本县代码 {} 开头：可能是别的县的表，请核对。",
            office.code
        ))
    }))
}

fn same_content(job: &ImportJob, others: &[ImportJob]) -> Option<Finding> {
    let same = |other: &&ImportJob| {
        other.content_hash == job.content_hash && other.sheet_name == job.sheet_name
    };
    let other = others.iter().find(same)?;
    let state = if other.state == "posted" { "已入账" } else { "也在等待入账" };
    Some(Finding::say(format!(
        "内容与“{}”（{} 上传，{state}）完全相同。",
        other.file_name,
        crate::base::dates::minute(other.created_at)
    )))
}

fn older(job: &ImportJob, others: &[ImportJob]) -> Option<Finding> {
    let day = job.as_of.filter(|_| kinds::has_balances(&job.layout))?;
    let posted = others.iter().filter(|other| other.state == "posted");
    let newest: NaiveDate = posted.filter_map(|other| other.as_of).max()?;
    (day < newest).then(|| {
        Finding::say(format!(
            "这张表截至 {day}，比已入账的同类表（截至 {newest}）旧：新的数字不会被旧的改掉。"
        ))
    })
}

fn half(job: &ImportJob, lines: &Lines, others: &[ImportJob]) -> Option<Finding> {
    if !kinds::has_balances(&job.layout) {
        return None;
    }
    let is_whole = |other: &&ImportJob| {
        other.state == "posted"
            && other.rows_total >= MANY
            && !says(other, About::Part)
            && !says(other, About::Less)
    };
    let last = others.iter().find(is_whole)?;
    let rows = i64::try_from(lines.total()).unwrap_or(i64::MAX);
    let before = i64::from(last.rows_total);
    (rows * 100 < before * HALF_PERCENT).then(|| {
        Finding::say(format!(
            "这张表有 {rows} 行，上一份全县的“{}”有 {before} 行，少了很多：请核对是不是完整。",
            last.file_name
        ))
        .about(About::Less)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::read::Columns;

    #[test]
    fn what_is_kept_is_read_again() {
        let part = Finding::say("一个乡镇的。").about(About::Part);
        let findings = vec![Finding::stop("合计对不上。"), Finding::say("-有隐藏的行。"), part];
        let parsed = from_text(&to_text(&findings));
        assert_eq!(parsed[0], findings[0]);
        assert!(!parsed[1].stops && parsed[1].text.ends_with("有隐藏的行。"));
        assert_eq!(from_text(""), []);
        let columns = Columns {
            bound: vec![("学年".to_owned(), "贷款学年".to_owned())],
            unread: vec!["QQ".to_owned()],
            absent: vec!["发放日期".to_owned()],
        };
        assert_eq!(Columns::from_text(&columns.to_text()), columns);
        assert_eq!(county_of("乐至县学生资助管理中心"), Some("乐至县"));
        assert_eq!(county_of("学生资助管理中心"), None);
    }
}
