//! The rows of a returned workbook: headings are recognised wherever they stand, again after each
//! list that was copied below another; what a cell says is read as people write. No database.

use chrono::{Days, NaiveDate};

use super::rules::{self, Answers, Met};
use crate::base::phone_number::PhoneNumber;
use crate::book::contact::record::{Ability, Outcome};
use crate::life::visits::workbook::{
    ABILITY, CODE, FILE_NO, NAME, NEW_PHONE, NUMBER, PROMISED, REMARK, RESULT, VISITED, VISITOR,
    WISH,
};
use crate::plumbing::sheet::{Cell, CellKind, SheetRow, Table};

/// One row that names a sheet, or was filled in without naming one.
#[derive(Clone, Debug)]
pub struct Row {
    /// As the spreadsheet program counts.
    pub line: u32,
    /// `HZ26-1221-001`; empty when it is missing.
    pub number: String,
    /// The hidden code; empty when it is missing.
    pub code: String,
    /// The hidden file number; empty when it is missing.
    pub file_no: String,
    /// The name beside it; empty when it is missing.
    pub name: String,
    /// Nothing was filled in.
    pub is_blank: bool,
    /// What was filled in, or why it cannot be read.
    pub answers: Result<Answers, String>,
}

/// Where each column stands.
#[derive(Clone, Debug, Default)]
struct Heads {
    number: Option<usize>,
    code: Option<usize>,
    file_no: Option<usize>,
    name: Option<usize>,
    result: Option<usize>,
    visited: Option<usize>,
    promised: Option<usize>,
    phone: Option<usize>,
    remark: Option<usize>,
    ability: Option<usize>,
    wish: Option<usize>,
    visitor: Option<usize>,
}

/// A heading without blanks and what stands in brackets.
fn plain(text: &str) -> String {
    let bare = text.split(['（', '(']).next().unwrap_or_default();
    bare.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A name without blanks.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The columns, when the row is one of headings.
fn heads(row: &SheetRow) -> Option<Heads> {
    let mut heads = Heads::default();
    for (at, cell) in row.cells.iter().enumerate() {
        let text = plain(&cell.text);
        let slot = match text.as_str() {
            text if text == NUMBER => &mut heads.number,
            text if text == CODE => &mut heads.code,
            text if text == FILE_NO => &mut heads.file_no,
            text if text == NAME => &mut heads.name,
            text if text == RESULT => &mut heads.result,
            text if text == VISITED => &mut heads.visited,
            text if text == PROMISED => &mut heads.promised,
            text if text == NEW_PHONE => &mut heads.phone,
            text if text == plain(REMARK) => &mut heads.remark,
            text if text == VISITOR => &mut heads.visitor,
            text if text == ABILITY => &mut heads.ability,
            text if text == WISH => &mut heads.wish,
            _ => continue,
        };
        slot.get_or_insert(at);
    }
    (heads.number.is_some() && heads.result.is_some()).then_some(heads)
}

/// The rows of all tables, in order.
pub fn rows(tables: &[Table], today: NaiveDate) -> Vec<Row> {
    let mut found = Vec::new();
    for table in tables {
        let mut known: Option<Heads> = None;
        for row in table.rows.iter() {
            if let Some(new) = heads(&row) {
                known = Some(new);
            } else if let Some(heads) = &known {
                found.extend(one(&row, heads, today));
            }
        }
    }
    found
}

fn cell(row: &SheetRow, at: Option<usize>) -> Option<&Cell> {
    at.and_then(|at| row.cells.get(at)).filter(|cell| !cell.text.trim().is_empty())
}

fn text(row: &SheetRow, at: Option<usize>) -> String {
    cell(row, at).map(|cell| cell.text.trim().to_owned()).unwrap_or_default()
}

/// `HZ26-1221-001` begins with letters and has two hyphens.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.matches('-').count() == 2
}

fn one(row: &SheetRow, heads: &Heads, today: NaiveDate) -> Option<Row> {
    let number: String = text(row, heads.number)
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if matches!(c, '－' | '—' | '–') { '-' } else { c.to_ascii_uppercase() })
        .collect();
    let filled = [
        heads.result,
        heads.visited,
        heads.promised,
        heads.ability,
        heads.wish,
        heads.phone,
        heads.remark,
        heads.visitor,
    ];
    let is_blank = filled.into_iter().all(|at| cell(row, at).is_none());
    // Sums, the line to sign and what somebody wrote below the list are no households.
    let named = is_number(&number);
    if !named && (is_blank || !number.is_empty() || cell(row, heads.result).is_none()) {
        return None;
    }
    Some(Row {
        line: row.line,
        number: if named { number } else { String::new() },
        code: text(row, heads.code),
        file_no: text(row, heads.file_no),
        name: bare(&text(row, heads.name)),
        is_blank,
        answers: answers(row, heads, today),
    })
}

/// A day in a cell; a bare number is what a spreadsheet program makes of a date.
fn day_in(cell: Option<&Cell>, today: NaiveDate, ahead: bool) -> Result<Option<NaiveDate>, ()> {
    let Some(cell) = cell else { return Ok(None) };
    let text = cell.text.trim();
    if cell.kind == CellKind::Number
        && let Ok(days @ 36_526..=73_050) = text.parse::<u64>()
    {
        let first = NaiveDate::from_ymd_opt(1899, 12, 30).ok_or(())?;
        return first.checked_add_days(Days::new(days)).map(Some).ok_or(());
    }
    rules::day(text, today, ahead).map(Some).ok_or(())
}

/// The result of the list as an outcome, and who was met.
fn result(words: &str) -> Option<(Outcome, Met)> {
    Some(match words {
        "接通本人" => (Outcome::Reached, Met::Student),
        "见到家人" => (Outcome::Reached, Met::Family),
        "家中无人" => (Outcome::NoAnswer, Met::Nobody),
        "号码失效" => (Outcome::BadNumber, Met::Nobody),
        "在服役" => (Outcome::InService, Met::Unwritten),
        "在读书" => (Outcome::Studying, Met::Unwritten),
        "有困难" => (Outcome::Hardship, Met::Unwritten),
        "已还" => (Outcome::SaysPaid, Met::Unwritten),
        "对金额有疑问" => (Outcome::Dispute, Met::Unwritten),
        "已请人转告" => (Outcome::LeftWord, Met::Unwritten),
        "已搬走" => (Outcome::MovedAway, Met::Nobody),
        "不愿意谈" => (Outcome::Refused, Met::Unwritten),
        "本人已去世" => (Outcome::Died, Met::Unwritten),
        _ => return None,
    })
}

fn answers(row: &SheetRow, heads: &Heads, today: NaiveDate) -> Result<Answers, String> {
    let words = text(row, heads.result);
    let promised_on = day_in(cell(row, heads.promised), today, true)
        .map_err(|()| "约定还款日看不懂，请写成 2026-11-20 这样".to_owned())?;
    let visited_on = day_in(cell(row, heads.visited), today, false)
        .map_err(|()| "走访日期看不懂，请写成 2026-11-05 这样".to_owned())?;
    if visited_on.is_some_and(|day| day > today) {
        return Err("走访日期还没有到，请核对".to_owned());
    }
    if promised_on.is_some_and(|day| day < visited_on.unwrap_or(today)) {
        return Err("约定还款日在走访日期以前，请核对".to_owned());
    }
    if words.is_empty() {
        return Err("填了别的栏，没有填走访结果，请选一项".to_owned());
    }
    let (mut outcome, met) =
        result(&words).ok_or_else(|| format!("走访结果“{words}”不在列表里，请从列表里选一项"))?;
    if promised_on.is_some() && outcome == Outcome::Reached {
        outcome = Outcome::Promised;
    }
    let words = text(row, heads.ability);
    let ability = Ability::ALL.iter().copied().find(|one| one.in_words() == words);
    if ability.is_none() && !words.is_empty() {
        return Err(format!("还款能力“{words}”不在列表里，请从列表里选一项"));
    }
    let phone = text(row, heads.phone);
    // Two numbers, or a name beside one, stay as they were written: the desk reads them.
    let new_phone = match PhoneNumber::parse(&phone) {
        Ok(number) => number.as_str().to_owned(),
        Err(_) => phone.chars().take(60).collect(),
    };
    Ok(Answers {
        outcome,
        met,
        whereabouts: String::new(),
        new_phone,
        family_phone: String::new(),
        promised_on,
        visited_on: visited_on.unwrap_or(today),
        family: String::new(),
        ability: ability.map_or("", Ability::as_text).to_owned(),
        wish: text(row, heads.wish).chars().take(300).collect(),
        note: text(row, heads.remark).chars().take(600).collect(),
        filled_by: text(row, heads.visitor),
    })
}
