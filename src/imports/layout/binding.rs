//! A sheet whose headings are bound to the columns of a layout: its cells, and what its lines are.

use chrono::NaiveDate;

use super::fault::{Fault, RowMessage, Severity};
use super::kind::{Column, ColumnKind, Layout};
use super::unit::{Unit, normal};
use crate::base::person_name::{is_blank, simplify};
use crate::plumbing::sheet::{Cell, SheetRow, Table};

/// A sheet whose layout is known: which cell holds which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
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
    /// Columns that two headings claim, with the headings: somebody has to choose.
    pub claims: Vec<(&'static str, Vec<String>)>,
    /// The headings as written, one per cell.
    pub written: Vec<String>,
    /// For each column of the layout: the cell, and the unit of the heading.
    pub(super) places: Vec<Option<(usize, Unit)>>,
    /// The unit that a title states for amounts whose heading states none.
    pub(super) unit: Unit,
    /// Days without a date format count from 1904 on.
    pub(super) from_1904: bool,
    /// The headings as they stand, normalised, to know them when they come again.
    pub(super) repeated: Vec<String>,
}

/// Which heading stands for which column, as somebody chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub layout: Layout,
    /// Index of the cell, and key of the column.
    pub columns: Vec<(usize, String)>,
}

/// What a line below the headings is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A row to read.
    Data,
    /// Blank, headings again, totals, signatures: not read, for this reason.
    Skipped(RowMessage),
}

impl Binding {
    /// The cell of a column in a row, with the column and the unit of its heading.
    pub(super) fn cell<'a>(
        &self,
        at: usize,
        cells: &'a [Cell],
    ) -> Option<(&'a Cell, Unit, &'static Column)> {
        let (cell, unit) = self.places.get(at).copied().flatten()?;
        let column = self.layout.columns().get(at)?;
        let unstated = unit == Unit::Plain && column.kind == ColumnKind::Money;
        Some((cells.get(cell)?, if unstated { self.unit } else { unit }, column))
    }

    /// For each heading with a text: the heading, and that of the column it stands for.
    pub fn bound(&self) -> impl Iterator<Item = (usize, &str, Option<&'static Column>)> {
        let named = self.written.iter().enumerate().filter(|(_, text)| !text.trim().is_empty());
        named.map(|(cell, text)| {
            let mut columns = self.layout.columns().iter().zip(&self.places);
            let column = columns.find(|(_, place)| place.is_some_and(|(at, _)| at == cell));
            (cell, text.as_str(), column.map(|(column, _)| column))
        })
    }

    /// The unit of amounts, when the sheet states one that is not yuan: `万元`.
    pub fn stated_unit(&self) -> Option<&'static str> {
        let columns = self.layout.columns().iter().zip(&self.places);
        let of_money = columns.filter(|(column, _)| column.kind == ColumnKind::Money);
        let units = of_money.filter_map(|(_, place)| place.map(|(_, unit)| unit));
        units.chain([self.unit]).find_map(|unit| match unit {
            Unit::TenThousandYuan => Some("万元"),
            Unit::ThousandYuan => Some("千元"),
            _ => None,
        })
    }

    /// The lines below the headings.
    pub fn rows<'t>(&self, table: &'t Table) -> impl ExactSizeIterator<Item = SheetRow> + use<'t> {
        table.rows.from(self.first_row)
    }

    /// Tells data from blank lines, repeated headings, totals and signatures.
    pub fn classify(&self, row: &SheetRow) -> Line {
        let skipped = |fault, message: &str| {
            Line::Skipped(RowMessage::on_line(Severity::Repaired, fault, message))
        };
        let mut filled = row.cells.iter().filter(|cell| !cell.is_blank());
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
        if filled.count() <= 4 && is_footer(&word) {
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

/// Words under a list: signatures, remarks, whom to ask.
fn is_footer(word: &str) -> bool {
    // Words that no cell of data begins with ...
    let words = [
        "填表",
        "制表",
        "审核人",
        "复核人",
        "负责人",
        "经办人",
        "填报",
        "校长",
        "班主任",
        "签字",
        "签名",
        "盖章",
        "单位(",
        "单位（",
        "以下空白",
        "(以下空白",
        "（以下空白",
        "以下无正文",
        "此页无正文",
        "主管领导",
        "打印时间",
        "打印日期",
        "导出时间",
    ];
    // ... and words that do when a colon follows.
    let with_colon =
        ["注", "说明", "备注", "附注", "联系人", "联系电话", "单位", "学校", "日期", "审核"];
    let colon = |rest: &str| rest.starts_with([':', '：']);
    words.iter().any(|footer| word.starts_with(footer))
        || with_colon.iter().any(|footer| word.strip_prefix(footer).is_some_and(colon))
}
