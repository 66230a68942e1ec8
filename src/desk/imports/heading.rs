//! Which layout a sheet is, where its headings stand, and which lines are data.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::fault::{Fault, Note, Severity};
use super::layout::{Column, Layout};
use super::name::{half, is_blank, simplify};
use super::value;
use crate::plumbing::sheet::{Cell, SheetRow, Table};

/// How far down headings are looked for.
const SEARCHED_ROWS: usize = 15;
/// Matching headings that make a line a line of headings.
const FEWEST_HEADINGS: usize = 2;

/// The unit a heading states in brackets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unit {
    /// None, or one that changes nothing (元, 笔, 天).
    #[default]
    Plain,
    /// 万元
    TenThousandYuan,
    /// 月
    Months,
    /// 年
    Years,
}

/// A sheet whose layout is known: which cell holds which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The layout.
    pub layout: Layout,
    /// The line of the headings (the last one, when they take two), from 1.
    pub heading_line: u32,
    /// Index in the table's rows of the first line below the headings.
    pub first_row: usize,
    /// The lines above the headings.
    pub titles: Vec<String>,
    /// The day the sheet says it is of (`截至2026-10-31`).
    pub as_of: Option<NaiveDate>,
    /// Headings that no column of the layout knows; their cells are not read.
    pub extra: Vec<String>,
    /// Optional columns that the sheet does not have.
    pub absent: Vec<&'static str>,
    /// For each column of the layout: the cell, and the unit of the heading.
    pub(super) places: Vec<Option<(usize, Unit)>>,
    /// The headings as they stand, normalised, to know them when they come again.
    repeated: Vec<String>,
}

/// What a line below the headings is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A row to read.
    Data,
    /// Blank, headings again, totals, signatures: not read, for this reason.
    Skipped(Note),
}

/// Why the layout of a sheet is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutProblem {
    /// No line looks like headings.
    NoHeadings,
    /// It is nearest to this layout, but lacks required columns.
    Missing {
        /// The nearest layout.
        layout: Layout,
        /// Headings of the required columns that are not there.
        headings: Vec<&'static str>,
    },
    /// It may be any of these; somebody has to choose ([`recognise_as`]).
    Ambiguous(Vec<Layout>),
}

impl LayoutProblem {
    /// What is wrong and what to do, as a clerk reads it.
    pub fn to_chinese(&self) -> String {
        match self {
            LayoutProblem::NoHeadings => "没有找到表头。请确认表中有一行列名，\
                例如“身份证号”“合同编号”，并且位于前 15 行之内。"
                .to_owned(),
            LayoutProblem::Missing { layout, headings } => format!(
                "这张表最像“{}”，但缺少必需的列：{}。请补上这些列，或核对列名后重新导入。",
                layout.short_title(),
                headings.join("、")
            ),
            LayoutProblem::Ambiguous(layouts) => {
                let names: Vec<_> =
                    layouts.iter().map(|layout| format!("“{}”", layout.short_title())).collect();
                format!(
                    "这张表可能是{}，列名不足以区分。请选定表格种类后再导入。",
                    names.join("或")
                )
            }
        }
    }
}

/// Normalised heading -> the columns it may mean.
static KNOWN: LazyLock<HashMap<String, Vec<(Layout, usize)>>> = LazyLock::new(|| {
    let mut known: HashMap<String, Vec<(Layout, usize)>> = HashMap::new();
    for layout in Layout::ALL {
        for (at, column) in layout.columns().iter().enumerate() {
            let names = column.synonyms.split('|').filter(|name| !name.trim().is_empty());
            for name in names.chain([column.heading]) {
                let places = known.entry(normal(name).0).or_default();
                if !places.contains(&(layout, at)) {
                    places.push((layout, at));
                }
            }
        }
    }
    known
});

/// A heading without blanks, marks and unit; brackets half-width, characters simplified.
fn normal(heading: &str) -> (String, Unit) {
    let kept = |c: &char| !is_blank(*c) && !matches!(c, '*' | ':' | '"' | '\'' | '※');
    let narrow: String = heading.chars().map(half).filter(kept).collect();
    let mut text = simplify(&narrow).to_lowercase();
    let mut unit = Unit::Plain;
    if let Some((front, inside)) = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')) {
        unit = match inside.trim_start_matches("单位") {
            "万元" | "万" => Unit::TenThousandYuan,
            "月" | "个月" => Unit::Months,
            "年" => Unit::Years,
            "元" | "人民币元" | "人民币" | "rmb" | "笔" | "天" | "岁" | "人" | "必填" | "选填" => {
                Unit::Plain
            }
            _ => return (text, unit),
        };
        // `发放（笔）` and `发放（元）` would become one; such headings keep their bracket.
        if inside != "笔" {
            text = front.to_owned();
        }
    }
    (text, unit)
}

/// A line of headings that was tried.
struct Tried {
    /// Normalised headings with units, one per cell; merged with the line above when so.
    headings: Vec<(String, Unit)>,
    /// The headings as written.
    written: Vec<String>,
    last_row: usize,
    matched: usize,
}

fn try_row(upper: Option<&SheetRow>, row: &SheetRow, last_row: usize) -> Tried {
    let mut headings = Vec::with_capacity(row.cells.len());
    let mut written = Vec::with_capacity(row.cells.len());
    let mut group = "";
    let width = row.cells.len().max(upper.map_or(0, |row| row.cells.len()));
    let text_at = |row: Option<&'_ SheetRow>, at| -> String {
        row.and_then(|row| row.cells.get(at))
            .map_or_else(String::new, |c: &Cell| c.text.trim().to_owned())
    };
    for at in 0..width {
        let lower = text_at(Some(row), at);
        let above = upper.and_then(|row| row.cells.get(at)).map_or("", |c| c.text.trim());
        if !above.is_empty() {
            group = above;
        }
        let whole = match (group, lower.as_str()) {
            (_, "") => above.to_owned(),
            ("", lower) => lower.to_owned(),
            (group, lower) => {
                let joined = format!("{group}{lower}");
                let known = KNOWN.contains_key(&normal(&joined).0);
                if known { joined } else { lower.to_owned() }
            }
        };
        headings.push(normal(&whole));
        written.push(whole);
    }
    let matched = headings.iter().filter(|(name, _)| KNOWN.contains_key(name)).count();
    Tried { headings, written, last_row, matched }
}

/// The line, or pair of lines, among the first ones that holds most known headings.
fn find_headings(table: &Table) -> Option<Tried> {
    let mut best: Option<Tried> = None;
    for (at, row) in table.rows.iter().enumerate().take(SEARCHED_ROWS) {
        let single = try_row(None, row, at);
        let below = table.rows.get(at + 1).filter(|_| single.matched > 0);
        let pair = below.map(|below| try_row(Some(row), below, at + 1));
        for tried in [Some(single), pair].into_iter().flatten() {
            if best.as_ref().is_none_or(|best| tried.matched > best.matched) {
                best = Some(tried);
            }
        }
    }
    best.filter(|best| best.matched >= FEWEST_HEADINGS)
}

/// Says which layout a sheet is.
///
/// # Errors
/// [`LayoutProblem`]: no headings, required columns missing, or several layouts fit alike.
pub fn recognise(table: &Table) -> Result<Binding, LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let titles = titles(table, tried.last_row);
    let mut bindings: Vec<(usize, Vec<&'static str>, Binding)> = Layout::ALL
        .into_iter()
        .map(|layout| {
            let binding = bind(layout, table, &tried, &titles);
            (score(&binding), missing(&binding), binding)
        })
        .collect();
    // Complete layouts first, then the better score.
    bindings.sort_by_key(|(score, missing, _)| (!missing.is_empty(), std::cmp::Reverse(*score)));
    let mut bindings = bindings.into_iter();
    let (score, missing, best) = bindings.next().ok_or(LayoutProblem::NoHeadings)?;
    if !missing.is_empty() {
        // None is complete: name what the best-scored one lacks, not the shortest list.
        let nearest = std::iter::once((score, missing, best)).chain(bindings);
        let (_, headings, nearest) = nearest
            .max_by_key(|(score, missing, _)| (*score, std::cmp::Reverse(missing.len())))
            .ok_or(LayoutProblem::NoHeadings)?;
        return Err(LayoutProblem::Missing { layout: nearest.layout, headings });
    }
    let mut alike = vec![best.layout];
    alike.extend(
        bindings
            .filter(|(other, missing, _)| *other == score && missing.is_empty())
            .map(|(_, _, binding)| binding.layout),
    );
    if alike.len() > 1 { Err(LayoutProblem::Ambiguous(alike)) } else { Ok(best) }
}

/// Reads a sheet as the layout that somebody chose.
///
/// # Errors
/// When there are no headings or required columns are missing.
pub fn recognise_as(table: &Table, layout: Layout) -> Result<Binding, LayoutProblem> {
    let tried = find_headings(table).ok_or(LayoutProblem::NoHeadings)?;
    let binding = bind(layout, table, &tried, &titles(table, tried.last_row));
    let headings = missing(&binding);
    if headings.is_empty() { Ok(binding) } else { Err(LayoutProblem::Missing { layout, headings }) }
}

/// The first sheet of a workbook whose layout is known, with its index.
///
/// # Errors
/// The problem of the first sheet, when none is known.
pub fn recognise_any(tables: &[Table]) -> Result<(usize, Binding), LayoutProblem> {
    let mut first_problem = LayoutProblem::NoHeadings;
    for (at, table) in tables.iter().enumerate() {
        match recognise(table) {
            Ok(binding) => return Ok((at, binding)),
            Err(problem) if at == 0 => first_problem = problem,
            Err(_) => {}
        }
    }
    Err(first_problem)
}

fn bind(layout: Layout, table: &Table, tried: &Tried, titles: &[String]) -> Binding {
    let columns = layout.columns();
    let mut places: Vec<Option<(usize, Unit)>> = vec![None; columns.len()];
    let mut extra = Vec::new();
    for (cell, (name, unit)) in tried.headings.iter().enumerate() {
        let known = KNOWN.get(name).and_then(|places| places.iter().find(|p| p.0 == layout));
        let free = known.and_then(|(_, at)| places.get_mut(*at)).filter(|place| place.is_none());
        match free {
            Some(place) => *place = Some((cell, *unit)),
            None if name.is_empty() => {}
            None => extra.extend(tried.written.get(cell).cloned()),
        }
    }
    let with_place = columns.iter().zip(&places);
    let absent = with_place.filter(|(column, place)| !column.required && place.is_none());
    let absent = absent.map(|(column, _)| column.heading).collect();
    Binding {
        layout,
        heading_line: table.rows.get(tried.last_row).map_or(0, |row| row.line),
        first_row: tried.last_row + 1,
        titles: titles.to_vec(),
        as_of: titles.iter().find_map(|title| value::as_of(title)),
        extra,
        absent,
        places,
        repeated: tried.headings.iter().map(|(name, _)| name.clone()).collect(),
    }
}

fn titles(table: &Table, last_row: usize) -> Vec<String> {
    let above = table.rows.iter().take(last_row).flat_map(|row| &row.cells);
    above.map(|cell| cell.text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// One for each column found, two more where no other layout has such a heading, more when a
/// title names the layout.
fn score(binding: &Binding) -> usize {
    let mut score = 0;
    for place in binding.places.iter().flatten() {
        let name = binding.repeated.get(place.0);
        let meanings = name.and_then(|name| KNOWN.get(name)).map_or(0, Vec::len);
        score += if meanings == 1 { 3 } else { 1 };
    }
    let named = binding.titles.iter().any(|title| {
        title.contains(binding.layout.short_title()) || title.contains(binding.layout.title())
    });
    score + if named { 6 } else { 0 }
}

fn missing(binding: &Binding) -> Vec<&'static str> {
    let columns = binding.layout.columns().iter().zip(&binding.places);
    let missing = columns.filter(|(column, place)| column.required && place.is_none());
    missing.map(|(column, _)| column.heading).collect()
}

impl Binding {
    /// The cell of a column in a row, with the column and the unit of its heading.
    pub(super) fn cell<'a>(
        &self,
        at: usize,
        cells: &'a [Cell],
    ) -> Option<(&'a Cell, Unit, &'static Column)> {
        let (cell, unit) = self.places.get(at).copied().flatten()?;
        Some((cells.get(cell)?, unit, self.layout.columns().get(at)?))
    }

    /// The lines below the headings.
    pub fn rows<'t>(&self, table: &'t Table) -> &'t [SheetRow] {
        table.rows.get(self.first_row..).unwrap_or_default()
    }

    /// Tells data from blank lines, repeated headings, totals and signatures.
    pub fn classify(&self, row: &SheetRow) -> Line {
        let skipped =
            |fault, message: &str| Line::Skipped(Note::on_line(Severity::Repaired, fault, message));
        let mut filled = row.cells.iter().filter(|cell| !cell.text.trim().is_empty());
        let Some(first) = filled.next() else {
            return skipped(Fault::BlankRowBefore, "空行，已跳过。");
        };
        if self.is_heading_again(row) {
            return skipped(Fault::HeadingRepeated, "重复的表头，已跳过。");
        }
        // The first cell of a data row is a number or an identity, seldom one of these words.
        let word = simplify(&first.text).chars().filter(|c| !is_blank(*c)).collect::<String>();
        let totals = ["合计", "总计", "小计", "共计", "累计", "本页合计", "本页小计"];
        if totals.iter().any(|total| word.starts_with(total)) {
            return skipped(Fault::TotalRow, "合计行，已跳过；合计由系统另行计算。");
        }
        let footers = [
            "填表",
            "制表",
            "审核人",
            "复核人",
            "负责人",
            "经办人",
            "填报",
            "注：",
            "注:",
            "说明：",
        ];
        if filled.count() <= 4 && footers.iter().any(|footer| word.starts_with(footer)) {
            return skipped(Fault::FooterRow, "表尾的签名或说明，已跳过。");
        }
        Line::Data
    }

    /// True when most of the bound cells hold their own heading.
    fn is_heading_again(&self, row: &SheetRow) -> bool {
        let mut same = 0;
        for (cell, heading) in row.cells.iter().zip(&self.repeated) {
            // Data hardly ever equals its heading, so the first differing cell settles it.
            if cell.text.trim().is_empty() && heading.is_empty() {
                continue;
            }
            if normal(&cell.text).0 != *heading {
                return same > self.repeated.len() / 2;
            }
            same += 1;
        }
        same > 0
    }
}
