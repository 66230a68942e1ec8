//! A list of pupils as a school has it: name, identity number, grade, class, and perhaps level and
//! key group, under headings within the first rows. It is taken as a whole or not at all; every
//! line that cannot be read is named.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::form::{Typed, Written, check_class};
use super::rules::Signer;
use crate::base::id_number::IdNumber;
use crate::base::person_name::read_name;
use crate::book::policy::Policy;
use crate::plumbing::sheet::{self, SheetLimits, SheetRow, Table};

/// Rows within which the headings stand.
const HEAD_WITHIN: usize = 5;
/// Lines that are named at once; a wrong column would name them all.
const NAMED_MAX: usize = 10;

const NAME: &[&str] = &["姓名", "学生姓名"];
const ID: &[&str] = &["身份证号", "身份证件号", "身份证号码", "公民身份号码"];
const GRADE: &[&str] = &["年级", "年级名称"];
const CLASS: &[&str] = &["班级", "班级名称"];
const LEVEL: &[&str] = &["困难等级", "认定等级", "困难级别"];
const GROUP: &[&str] = &["认定类型", "困难类型", "家庭类型"];
const NUMBER: &[&str] = &["学籍号", "全国学籍号", "学号"];

/// Reads the first sheet that has the headings.
///
/// # Errors
/// The sentences, one for each line.
pub fn read(
    bytes: &[u8],
    policy: &Policy,
    today: NaiveDate,
) -> Result<Vec<(u32, Typed)>, Vec<String>> {
    let tables =
        sheet::read(bytes, &SheetLimits::default()).map_err(|why| vec![why.to_chinese()])?;
    let found = tables.iter().find_map(|table| Some((table, Columns::of(table)?)));
    let Some((table, columns)) = found else {
        return Err(vec!["没有找到表头：前 5 行里要有“姓名、身份证号、年级、班级”".to_owned()]);
    };
    let (mut all, mut wrong): (Vec<(u32, Typed)>, _) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<String, u32> = BTreeMap::new();
    for row in table.rows.from(columns.after).filter(|row| !row.is_blank()) {
        let line = row.line;
        match columns.typed(&row, policy, today) {
            Ok(typed) => match lines.insert(typed.id_number.as_str().to_owned(), line) {
                Some(first) => wrong.push(format!("第 {line} 行：和第 {first} 行是同一个人")),
                None => all.push((line, typed)),
            },
            Err(why) => wrong.push(format!("第 {line} 行：{why}")),
        }
    }
    if all.is_empty() && wrong.is_empty() {
        wrong.push("表里没有学生".to_owned());
    }
    if wrong.is_empty() {
        return Ok(all);
    }
    let more = wrong.len().saturating_sub(NAMED_MAX);
    wrong.truncate(NAMED_MAX);
    if more > 0 {
        wrong.push(format!("还有 {more} 行也有问题，先改上面这些"));
    }
    Err(wrong)
}

/// Where each heading stands.
struct Columns {
    name: usize,
    id: usize,
    grade: usize,
    class: usize,
    level: Option<usize>,
    group: Option<usize>,
    number: Option<usize>,
    /// Where the rows begin.
    after: usize,
}

impl Columns {
    fn of(table: &Table) -> Option<Columns> {
        table.rows.iter().take(HEAD_WITHIN).enumerate().find_map(|(at, row)| {
            let column = |names: &[&str]| {
                row.cells.iter().position(|cell| names.contains(&bare(&cell.text).as_str()))
            };
            Some(Columns {
                name: column(NAME)?,
                id: column(ID)?,
                grade: column(GRADE)?,
                class: column(CLASS)?,
                level: column(LEVEL),
                group: column(GROUP),
                number: column(NUMBER),
                after: at + 1,
            })
        })
    }

    fn typed(&self, row: &SheetRow, policy: &Policy, today: NaiveDate) -> Result<Typed, String> {
        let cell = |at: usize| row.cells.get(at).map(|one| one.text.trim()).unwrap_or_default();
        let may = |at: Option<usize>| at.map(cell).unwrap_or_default();
        let name = read_name(cell(self.name)).text;
        if name.is_empty() {
            return Err("没有写姓名".to_owned());
        }
        let id = IdNumber::parse(cell(self.id), today);
        let id = id.map_err(|problem| format!("{name}，{}", problem.to_chinese()))?;
        let (grade, class) = (cell(self.grade), cell(self.class));
        if grade.is_empty() || class.is_empty() {
            return Err(format!("{name}没有写年级或班级"));
        }
        let (level, group) = (may(self.level), may(self.group));
        let levels = &policy.hardship_levels.on(today).levels;
        if !level.is_empty() && !levels.iter().any(|one| one == level) {
            return Err(format!(
                "{name}的困难等级“{level}”不在本县的等级里：{}",
                levels.join("、")
            ));
        }
        let mut classes = Vec::new();
        for named in group.split(['、', '，', ',']).map(str::trim).filter(|one| !one.is_empty()) {
            classes.push(check_class(policy, named, today)?);
        }
        let student_number = may(self.number).to_owned();
        Ok(Typed {
            name,
            id_number: id.number,
            grade: grade.to_owned(),
            class_name: class.to_owned(),
            signed_by: Signer::Paper,
            applied_on: today,
            level: level.to_owned(),
            written: Written { classes, student_number, consent: true, ..Written::default() },
        })
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
