//! Workbooks: XLSX cell by cell, XLS and ODS sheet by sheet.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Cursor;

use calamine::{
    Data, DataRef, Ods, OdsError, Reader, SheetVisible, Xls, XlsError, Xlsx, XlsxError,
};

use super::archive;
use super::parts::{self, Parts};
use super::{Cell, CellKind, SheetLimits, SheetProblem, SheetRow, Table};

/// Blank rows that are kept between two rows with content, so that they can be reported.
const GAP: u32 = 50;
/// How a spreadsheet program shows the day number zero.
const NO_DAY: &str = "1900/1/0";

/// Reads the visible sheets of an XLSX file without ever laying out a sheet's full rectangle:
/// one cell in the last corner would claim seventeen thousand million cells.
pub(super) fn read_xlsx(bytes: &[u8], limits: &SheetLimits) -> Result<Vec<Table>, SheetProblem> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(xlsx_problem)?;
    let mut tables = Vec::new();
    let mut left = limits.places;
    let sheets = Sheets::of(book.sheets_metadata());
    let looks = parts::book(bytes);
    for (at, name) in sheets.visible {
        let mut builder = Builder::new(name, limits, left);
        let mut cells = match book.worksheet_cells_reader(&builder.table.name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(problem) => return Err(xlsx_problem(problem)),
        };
        while let Some(cell) = cells.next_cell().map_err(xlsx_problem)? {
            let (row, column) = cell.get_position();
            if let Some(cell) = cell_of_ref(cell.get_value()) {
                builder.put(row, column, cell)?;
            }
        }
        if let Some(path) = looks.paths.get(at) {
            builder.complete(parts::sheet(bytes, path))?;
        }
        left = builder.left;
        let mut table = builder.finish();
        table.place = at;
        table.from_1904 = looks.from_1904;
        table.hidden.sheets = sheets.hidden.clone();
        tables.push(table);
    }
    Ok(tables)
}

/// Reads the visible sheets of an old XLS file (at most 65,536 rows of 256 columns a sheet).
pub(super) fn read_xls(bytes: &[u8], limits: &SheetLimits) -> Result<Vec<Table>, SheetProblem> {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|problem| match problem {
        XlsError::Password => SheetProblem::Password,
        _ => SheetProblem::Damaged,
    })?;
    let merges: Vec<Vec<calamine::Dimensions>> = book
        .sheets_metadata()
        .iter()
        .map(|sheet| book.merge_cells_by_sheet_name(&sheet.name).unwrap_or_default())
        .collect();
    read_ranges(&mut book, limits, &merges)
}

/// Reads the visible sheets of an ODS file, whose repeated cells could fill all memory: the
/// rectangles they claim are measured first.
pub(super) fn read_ods(bytes: &[u8], limits: &SheetLimits) -> Result<Vec<Table>, SheetProblem> {
    let manifest = archive::part(bytes, "META-INF/manifest.xml").unwrap_or_default();
    if manifest.contains("encryption-data") || manifest.contains("encrypted-package") {
        return Err(SheetProblem::Password);
    }
    let mut claimed = Claimed::default();
    let content = archive::tags(bytes, "content.xml", |tag| claimed.see(tag));
    content.ok_or(SheetProblem::Damaged)?;
    if claimed.total() > limits.places {
        return Err(SheetProblem::TooManyCells);
    }
    let mut book: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(|problem| match problem {
        OdsError::Password => SheetProblem::Password,
        _ => SheetProblem::Damaged,
    })?;
    read_ranges(&mut book, limits, &[])
}

/// Places of the rectangles from the first to the last cell with a value, over all tables of an
/// ODS content part. Blank repeated cells behind the last value do not count.
#[derive(Default)]
struct Claimed {
    of_others: usize,
    row: usize,
    column: usize,
    last_row: usize,
    width: usize,
}

impl Claimed {
    fn see(&mut self, tag: &str) {
        if tag.starts_with("table:table ") {
            *self = Claimed { of_others: self.total(), ..Claimed::default() };
        } else if tag.starts_with("table:table-row") {
            let by = repeats(tag, "table:number-rows-repeated=\"");
            self.row = self.row.saturating_add(by);
            self.column = 0;
        } else if tag.starts_with("table:table-cell") || tag.starts_with("table:covered-table-cell")
        {
            let by = repeats(tag, "table:number-columns-repeated=\"");
            self.column = self.column.saturating_add(by);
            if tag.contains("-type=\"") || tag.contains("table:formula=") {
                self.width = self.width.max(self.column);
                self.last_row = self.row;
            }
        }
    }

    fn total(&self) -> usize {
        self.of_others.saturating_add(self.last_row.saturating_mul(self.width))
    }
}

/// The number in an attribute, 1 when it is not there.
fn repeats(head: &str, attribute: &str) -> usize {
    let value = head.split_once(attribute).and_then(|(_, rest)| rest.split_once('"'));
    value.and_then(|(value, _)| value.parse().ok()).unwrap_or(1)
}

fn read_ranges<'a, R>(
    book: &mut R,
    limits: &SheetLimits,
    merges: &[Vec<calamine::Dimensions>],
) -> Result<Vec<Table>, SheetProblem>
where
    R: Reader<Cursor<&'a [u8]>>,
{
    let mut tables = Vec::new();
    let mut left = limits.places;
    let sheets = Sheets::of(book.sheets_metadata());
    for (at, name) in sheets.visible {
        let range = book.worksheet_range(&name).map_err(|_| SheetProblem::Damaged)?;
        let mut builder = Builder::new(name, limits, left);
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let Some(cell) = cell_of(value) else { continue };
            let row = u32::try_from(row).unwrap_or(u32::MAX).saturating_add(first_row);
            let column = u32::try_from(column).unwrap_or(u32::MAX).saturating_add(first_column);
            builder.put(row, column, cell)?;
        }
        let merges = merges.get(at).into_iter().flatten();
        let merges = merges.map(|merge| (merge.start, merge.end)).collect();
        builder.complete(Parts { merges, ..Parts::default() })?;
        left = builder.left;
        let mut table = builder.finish();
        table.place = at;
        table.hidden.sheets = sheets.hidden.clone();
        tables.push(table);
    }
    Ok(tables)
}

/// The sheets of a file by what can be seen of them.
struct Sheets {
    /// Place among all sheets, and name.
    visible: Vec<(usize, String)>,
    hidden: Vec<String>,
}

impl Sheets {
    fn of(sheets: &[calamine::Sheet]) -> Sheets {
        let (mut visible, mut hidden) = (Vec::new(), Vec::new());
        for (at, sheet) in sheets.iter().enumerate() {
            if sheet.visible == SheetVisible::Visible {
                visible.push((at, sheet.name.clone()));
            } else {
                hidden.push(sheet.name.clone());
            }
        }
        Sheets { visible, hidden }
    }
}

fn xlsx_problem(problem: XlsxError) -> SheetProblem {
    match problem {
        XlsxError::Password => SheetProblem::Password,
        _ => SheetProblem::Damaged,
    }
}

/// Puts cells into rows, in whatever order they arrive. What a row spans is counted before it is
/// laid out: one cell far to the right in each of a million rows is a small file.
struct Builder {
    table: Table,
    rows: BTreeMap<u32, Vec<Cell>>,
    /// The row that cells arrive for; seldom another one than for the cell before.
    line: u32,
    cells: Vec<Cell>,
    left: usize,
    columns: usize,
}

impl Builder {
    fn new(name: String, limits: &SheetLimits, left: usize) -> Self {
        let table = Table { name, ..Table::default() };
        let (rows, cells) = (BTreeMap::new(), Vec::new());
        Builder { table, rows, line: 0, cells, left, columns: limits.columns }
    }

    /// What the cells alone do not tell: rows and columns out of sight, formulas without a
    /// result, and values that a merged cell lends to the rows below.
    fn complete(&mut self, parts: Parts) -> Result<(), SheetProblem> {
        for (row, column) in parts.unfilled {
            self.put(row, column, Cell::new("公式没有结果", CellKind::Error))?;
        }
        self.turn_to(0);
        let last = self.rows.last_key_value().map_or(0, |(line, _)| *line);
        for ((from, column), (to, _)) in parts.merges {
            let column_at = usize::try_from(column).unwrap_or(usize::MAX);
            let Some(cell) = self.at(from, column_at).filter(|cell| !cell.is_blank()) else {
                continue;
            };
            let lent = Cell { merged: true, ..cell.clone() };
            for row in from.saturating_add(1)..=to.min(last.saturating_sub(1)) {
                self.take(1)?;
                if self.at(row, column_at).is_none_or(|cell| cell.text.is_empty()) {
                    self.put(row, column, lent.clone())?;
                    self.turn_to(0);
                }
            }
        }
        self.table.hidden.lines = parts.hidden_lines;
        self.table.hidden.columns = parts.hidden_columns;
        Ok(())
    }

    /// `row` and `column` count from 0. Not of the row that cells arrive for.
    fn at(&self, row: u32, column: usize) -> Option<&Cell> {
        self.rows.get(&row.saturating_add(1))?.get(column)
    }

    /// `row` and `column` count from 0.
    fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), SheetProblem> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= self.columns {
            // Far to the right stand notes and stray blanks, never the table itself.
            return Ok(());
        }
        let line = row.saturating_add(1);
        if line != self.line {
            self.turn_to(line);
            self.take(usize::from(self.cells.is_empty()))?;
        }
        if self.cells.len() <= column {
            self.take(column + 1 - self.cells.len())?;
            self.cells.resize_with(column + 1, Cell::default);
        }
        if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
        Ok(())
    }

    fn take(&mut self, places: usize) -> Result<(), SheetProblem> {
        self.left = self.left.checked_sub(places).ok_or(SheetProblem::TooManyCells)?;
        Ok(())
    }

    /// Puts the row that cells arrived for to the others and goes on with another; 0 for none.
    fn turn_to(&mut self, line: u32) {
        let next = self.rows.remove(&line).unwrap_or_default();
        let cells = std::mem::replace(&mut self.cells, next);
        if self.line > 0 {
            self.rows.insert(self.line, cells);
        }
        self.line = line;
    }

    fn finish(mut self) -> Table {
        self.turn_to(0);
        let mut last = 0;
        while let Some((line, cells)) = self.rows.pop_first() {
            if line - last - 1 <= GAP {
                for blank in last + 1..line {
                    self.table.rows.push(&SheetRow { line: blank, cells: Vec::new() });
                }
            }
            self.table.rows.push(&SheetRow { line, cells });
            last = line;
        }
        self.table
    }
}

fn cell_of_ref(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::String(text) => text_cell(text),
        DataRef::SharedString(text) => text_cell(text),
        DataRef::Int(number) => Some(number_cell(number)),
        DataRef::Float(number) => Some(number_cell(number)),
        DataRef::Bool(yes) => Some(Cell::text(if *yes { "是" } else { "否" })),
        DataRef::DateTime(at) => Some(date_cell(at)),
        DataRef::DateTimeIso(text) => Some(Cell::new(iso(text), CellKind::Date)),
        DataRef::DurationIso(text) => text_cell(text),
        DataRef::Error(error) => Some(Cell::new(error.to_string(), CellKind::Error)),
    }
}

fn cell_of(value: &Data) -> Option<Cell> {
    match value {
        Data::Empty => None,
        Data::String(text) => text_cell(text),
        Data::Int(number) => Some(number_cell(number)),
        Data::Float(number) => Some(number_cell(number)),
        Data::Bool(yes) => Some(Cell::text(if *yes { "是" } else { "否" })),
        Data::DateTime(at) => Some(date_cell(at)),
        Data::DateTimeIso(text) => Some(Cell::new(iso(text), CellKind::Date)),
        Data::DurationIso(text) => text_cell(text),
        Data::Error(error) => Some(Cell::new(error.to_string(), CellKind::Error)),
    }
}

fn text_cell(text: &str) -> Option<Cell> {
    (!text.is_empty()).then(|| Cell::text(text))
}

fn number_cell(number: impl Display) -> Cell {
    Cell::new(number.to_string(), CellKind::Number)
}

fn date_cell(at: &calamine::ExcelDateTime) -> Cell {
    if !at.is_datetime() {
        return number_cell(at.as_f64());
    }
    if at.as_f64() < 1.0 {
        // An empty date that a formula or an export carried along; shown as 1900/1/0.
        return Cell::new(NO_DAY, CellKind::Date);
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) != (0, 0, 0) {
        text.push_str(&format!(" {hour:02}:{minute:02}:{second:02}"));
    }
    Cell::new(text, CellKind::Date)
}

/// `2026-10-31T00:00:00` as `2026-10-31`.
fn iso(text: &str) -> Box<str> {
    text.strip_suffix("T00:00:00").unwrap_or(text).replace('T', " ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_cells_are_measured_before_they_are_laid_out() {
        let value = "<table:table-cell office:value-type=\"string\"><text:p>1</text:p>";
        let blank = "<table:table-cell table:number-columns-repeated=\"16384\"/>";
        let table = |rows: &str| format!("<table:table table:name=\"a\">{rows}</table:table>");
        let usual = format!(
            "<table:table-row>{value}{value}{blank}</table:table-row>\
             <table:table-row table:number-rows-repeated=\"1048575\">{blank}</table:table-row>"
        );
        let claimed = |xml: &str| {
            let mut claimed = Claimed::default();
            xml.split('<').for_each(|tag| claimed.see(tag.split('>').next().unwrap()));
            claimed.total()
        };
        assert_eq!(claimed(&table(&usual)), 2);
        let far = format!("{usual}<table:table-row>{blank}{value}</table:table-row>");
        assert_eq!(claimed(&table(&far)), 1_048_577 * 16_385);
    }
}
