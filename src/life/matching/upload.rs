//! A list as another office sends it, and a roster as a school has it: bytes in, numbers and their
//! places out. Whatever cannot be read is named by its place, never dropped in silence.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::rules::place;
use crate::base::id_number::{IdNumber, IdWarning};
use crate::base::person_name::read_name;
use crate::book::policy::{MatchingList, column_letters};
use crate::plumbing::sheet::{self, Cell, SheetLimits, SheetRow, Table};

/// Rows within which the headings of a roster stand.
const HEAD_WITHIN: usize = 5;
const ENDINGS: [&str; 4] = [".xlsx", ".xls", ".ods", ".csv"];

/// A number in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// From 1, as `line`.
    pub sheet: i32,
    pub line: i32,
    /// From 0.
    pub col: i32,
    pub is_member: bool,
    pub number: IdNumber,
}

/// What a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRead {
    /// Lines that hold anything below the titles.
    pub lines: i32,
    pub numbers: Vec<Placed>,
    /// A sentence for each place that could not be read.
    pub unreadable: Vec<String>,
}

/// A line of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterLine {
    pub line: u32,
    pub name: String,
    pub school: String,
    pub grade: String,
    pub class_name: String,
    /// Or why it cannot be read.
    pub number: Result<IdNumber, String>,
    /// What the registration number tells.
    pub remark: String,
}

fn tables(name: &str, bytes: &[u8]) -> Result<Vec<Table>, String> {
    let lower = name.to_lowercase();
    if !ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return Err(format!("“{name}”不是表格，请选 .xlsx、.xls、.ods 或 .csv 文件"));
    }
    sheet::read(bytes, &SheetLimits::default())
        .map_err(|why| format!("“{name}”：{}", why.to_chinese()))
}

/// The number in a cell, or why there is none.
fn number(text: &str, today: NaiveDate) -> Result<IdNumber, String> {
    let first = |whole: String| whole.split('。').next().unwrap_or_default().to_owned();
    let read = IdNumber::parse(text, today).map_err(|problem| first(problem.to_chinese()))?;
    match read.has(IdWarning::From15Digits) {
        true => Err("15 位的旧身份证号".to_owned()),
        false => Ok(read.number),
    }
}

fn text_of(row: &SheetRow, col: u32) -> &str {
    let cell = usize::try_from(col).ok().and_then(|at| row.cells.get(at));
    cell.filter(|cell| !cell.is_blank()).map(|cell| cell.text.trim()).unwrap_or_default()
}

/// Reads a list by the layout of its kind.
///
/// # Errors
/// One sentence that names sheet, line and column.
pub fn read_list(
    (name, bytes): (&str, &[u8]),
    kind: &MatchingList,
    today: NaiveDate,
) -> Result<ListRead, String> {
    let tables = tables(name, bytes)?;
    let mut read = ListRead::default();
    for sheet in &kind.sheets {
        let found = tables.iter().find(|one| u32::try_from(one.place + 1) == Ok(*sheet));
        let table = found.ok_or_else(|| {
            format!("“{}”要看第 {sheet} 张工作表，这个文件里没有，或者它是空的、隐藏的", kind.name)
        })?;
        read_sheet(&mut read, table, (kind, *sheet), today)?;
    }
    Ok(read)
}

fn read_sheet(
    read: &mut ListRead,
    table: &Table,
    (kind, sheet): (&MatchingList, u32),
    today: NaiveDate,
) -> Result<(), String> {
    let columns = kind.places();
    let (main, members) = columns.split_first().ok_or("这种名单没有写身份证号在哪一列")?;
    let sheet_no = i32::try_from(sheet).unwrap_or_default();
    let (mut good, mut bad): (usize, Vec<String>) = (0, Vec::new());
    for row in table.rows.iter().filter(|row| !row.is_blank()) {
        let own = number(text_of(&row, *main), today);
        // A county's file may have fewer lines of titles than the sample had.
        if row.line < kind.first_line && own.is_err() {
            continue;
        }
        let line = i32::try_from(row.line).unwrap_or_default();
        let at = |col: u32| i32::try_from(col).unwrap_or_default();
        read.lines += 1;
        match own {
            Ok(number) => {
                good += 1;
                let (col, is_member) = (at(*main), false);
                read.numbers.push(Placed { sheet: sheet_no, line, col, is_member, number });
            }
            // The line above says whose household it is.
            Err(_) if is_lent(&row, *main) => {}
            Err(why) => bad.push(format!("{}：{why}", place(sheet_no, line, at(*main)))),
        }
        for col in members {
            let text = text_of(&row, *col);
            // 无, / or a dash stand for nobody.
            if !text.chars().any(char::is_numeric) {
                continue;
            }
            let (col, is_member) = (at(*col), true);
            match number(text, today) {
                Ok(number) => {
                    read.numbers.push(Placed { sheet: sheet_no, line, col, is_member, number });
                }
                Err(why) => {
                    read.unreadable.push(format!("{}：{why}", place(sheet_no, line, col)));
                }
            }
        }
    }
    if good == 0 || good < bad.len() {
        return Err(other_layout(table, (kind, sheet), (*main, good, &bad), today));
    }
    read.unreadable.append(&mut bad);
    Ok(())
}

fn is_lent(row: &SheetRow, col: u32) -> bool {
    usize::try_from(col).ok().and_then(|at| row.cells.get(at)).is_some_and(|cell| cell.merged)
}

/// Why a sheet is none of its kind, and where the numbers seem to be.
fn other_layout(
    table: &Table,
    (kind, sheet): (&MatchingList, u32),
    (main, good, bad): (u32, usize, &[String]),
    today: NaiveDate,
) -> String {
    let column = column_letters(main);
    let (name, first) = (&kind.name, kind.first_line);
    let how = match bad.first() {
        Some(one) if good > 0 => {
            format!("{column} 列一多半读不出身份证号，例如{one}")
        }
        _ => format!("{column} 列从第 {first} 行起没有能读的身份证号"),
    };
    let is_number = |cell: &Cell| !cell.is_blank() && number(&cell.text, today).is_ok();
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for row in table.rows.iter() {
        for (at, _) in row.cells.iter().enumerate().filter(|(_, cell)| is_number(cell)) {
            *counts.entry(at).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(at, count)| (*count, usize::MAX - at));
    let most = most.and_then(|(at, _)| u32::try_from(at).ok()).filter(|at| *at != main);
    let seems = match most {
        Some(at) => format!("身份证号像是在 {} 列", column_letters(at)),
        None => "整张表没有身份证号".to_owned(),
    };
    format!("第 {sheet} 张表 {how}，不是“{name}”的样子；{seems}。请看名单种类选得对不对")
}

/// Reads a school's roster: A name, B number, E school, I grade, J class, K registration number,
/// unless its headings say otherwise.
///
/// # Errors
/// One sentence.
pub fn read_roster(
    (name, bytes): (&str, &[u8]),
    today: NaiveDate,
) -> Result<Vec<RosterLine>, String> {
    let tables = tables(name, bytes)?;
    let (table, head) = tables
        .iter()
        .find_map(|table| Some((table, Head::of(table)?)))
        .ok_or("没有找到表头：前 5 行里要有“姓名”和“身份证号”")?;
    let rows = table.rows.from(head.after).filter(|row| !row.is_blank());
    let mut all: Vec<RosterLine> = rows.map(|row| head.line(&row, today)).collect();
    if all.iter().all(|one| one.number.is_err()) {
        return Err(match all.first() {
            None => "花名册里没有学生".to_owned(),
            Some(one) => format!(
                "{} 列没有能读的身份证号，例如第 {} 行",
                column_letters(head.number),
                one.line
            ),
        });
    }
    let mut seen: HashMap<IdNumber, (u32, String)> = HashMap::new();
    for one in &mut all {
        let Ok(number) = one.number else { continue };
        if let Some((line, school)) = seen.get(&number) {
            one.remark = format!("第 {line} 行{school}也有这个人");
        }
        seen.entry(number).or_insert_with(|| (one.line, one.school.clone()));
    }
    Ok(all)
}

/// Where each heading of a roster stands.
struct Head {
    name: u32,
    number: u32,
    school: u32,
    grade: u32,
    class: u32,
    registration: u32,
    after: usize,
}

impl Head {
    fn of(table: &Table) -> Option<Head> {
        table.rows.iter().take(HEAD_WITHIN).enumerate().find_map(|(at, row)| {
            let column = |word: &str| {
                let found = row.cells.iter().position(|cell| bare(&cell.text).contains(word))?;
                u32::try_from(found).ok()
            };
            Some(Head {
                name: column("姓名")?,
                number: column("身份证")?,
                school: column("学校").unwrap_or(4),
                grade: column("年级").unwrap_or(8),
                class: column("班级").unwrap_or(9),
                registration: column("学籍号").unwrap_or(10),
                after: at + 1,
            })
        })
    }

    fn line(&self, row: &SheetRow, today: NaiveDate) -> RosterLine {
        let number = number(text_of(row, self.number), today);
        let registration = text_of(row, self.registration).to_uppercase();
        let of_number = number.as_ref().map(|one| format!("G{}", one.as_str()));
        let remark = match of_number {
            Ok(other) if !registration.is_empty() && registration != other => {
                "学籍号不是 G 加身份证号，学籍可能在别处".to_owned()
            }
            _ => String::new(),
        };
        RosterLine {
            line: row.line,
            name: read_name(text_of(row, self.name)).text,
            school: text_of(row, self.school).to_owned(),
            grade: text_of(row, self.grade).to_owned(),
            class_name: text_of(row, self.class).to_owned(),
            number,
            remark,
        }
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
