//! From the bytes of a file to lines that can be planned: reading, recognising, parsing, and
//! comparing the lines of one sheet with each other.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;

use super::profile::{self, Profiles};
use super::store::ImportJob;
use crate::imports::layout::{
    self, Binding, Chosen, Fault, Layout, LayoutProblem, Limits, Parsed, Read, RowMessage,
    Severity, find_duplicates,
};
use crate::plumbing::sheet::{self, SheetLimits, Table};

/// One line below the headings, read.
#[derive(Clone, Debug)]
pub struct ReadLine {
    /// The line as a spreadsheet program shows it.
    pub line: u32,
    /// The row and its notes; `None` for a line that is not data.
    pub parsed: Option<Parsed>,
    /// Why it is passed over.
    pub skipped: Option<RowMessage>,
}

impl ReadLine {
    /// The notes on the line, whatever it is.
    pub fn notes(&self) -> &[RowMessage] {
        match (&self.parsed, &self.skipped) {
            (_, Some(note)) => std::slice::from_ref(note),
            (Some(parsed), None) => &parsed.notes,
            (None, None) => &[],
        }
    }
}

/// One sheet of a file whose layout is known.
#[derive(Clone, Debug)]
pub struct ReadSheet {
    /// The sheet as it is.
    pub table: Table,
    /// Which cell holds what.
    pub binding: Binding,
}

/// Which headings are read as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Heading as written, and the column it is read as.
    pub bound: Vec<(String, String)>,
    /// Headings that are not read.
    pub unread: Vec<String>,
    /// Columns that the sheet does not have and need not have.
    pub absent: Vec<String>,
}

/// A heading on one line.
fn plain(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Columns {
    /// The columns of a sheet.
    pub fn of(sheet: &ReadSheet) -> Columns {
        let mut columns = Columns::default();
        for (_, written, column) in sheet.binding.bound() {
            let written = plain(written);
            match column {
                Some(column) => columns.bound.push((written, column.heading.to_owned())),
                None => columns.unread.push(written),
            }
        }
        columns.absent = sheet.binding.absent.iter().map(|name| (*name).to_owned()).collect();
        columns
    }

    /// The columns as chosen once more: each heading in its place is what it was bound to.
    pub fn chosen(&self, table: &Table, layout: Layout) -> Option<Chosen> {
        let (outline, _) = layout::outline(table, layout).ok()?;
        let mut bound = self.bound.iter().peekable();
        let mut columns = Vec::new();
        for (cell, written, _) in outline.bound() {
            let Some((_, heading)) = bound.next_if(|(own, _)| *own == plain(written)) else {
                continue;
            };
            let column = layout.columns().iter().find(|column| column.heading == heading)?;
            columns.push((cell, column.key.to_owned()));
        }
        (!columns.is_empty() && bound.next().is_none()).then_some(Chosen { layout, columns })
    }

    /// As kept: a line for each, told apart by how many tabs it has.
    pub fn to_text(&self) -> String {
        let bound = self.bound.iter().map(|(written, column)| format!("{written}\t{column}"));
        let unread = self.unread.iter().cloned();
        let absent = self.absent.iter().map(|column| format!("\t{column}"));
        bound.chain(unread).chain(absent).collect::<Vec<_>>().join("\n")
    }

    /// As kept, read again.
    pub fn from_text(text: &str) -> Columns {
        let mut columns = Columns::default();
        for line in text.lines() {
            match line.split_once('\t') {
                Some(("", column)) => columns.absent.push(column.to_owned()),
                Some((written, column)) => {
                    columns.bound.push((written.to_owned(), column.to_owned()));
                }
                None => columns.unread.push(line.to_owned()),
            }
        }
        columns
    }
}

/// The sheets of a file.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Those whose layout is known.
    pub sheets: Vec<ReadSheet>,
    /// Those with headings that leave the layout open: a person has to choose.
    pub unsure: Vec<(Table, LayoutProblem)>,
}

/// Every sheet of a file that has headings; refused with a sentence when there is none.
pub fn open(bytes: &[u8], limits: &SheetLimits, profiles: &Profiles) -> Result<Opened, String> {
    let tables = sheet::read(bytes, limits).map_err(|problem| problem.to_chinese())?;
    let mut opened = Opened::default();
    for table in tables {
        let chosen = by_profile(&table, None, profiles);
        match chosen.map_or_else(|| layout::recognise(&table), Ok) {
            Ok(binding) => opened.sheets.push(ReadSheet { table, binding }),
            Err(LayoutProblem::NoHeadings) => {}
            Err(problem) => opened.unsure.push((table, problem)),
        }
    }
    if opened.sheets.is_empty() && opened.unsure.is_empty() {
        return Err(LayoutProblem::NoHeadings.to_chinese());
    }
    Ok(opened)
}

/// One named sheet of a file, as the given layout.
pub fn open_as(
    bytes: &[u8],
    limits: &SheetLimits,
    sheet_name: &str,
    layout: Layout,
    profiles: &Profiles,
) -> Result<ReadSheet, String> {
    of_table(table_of(bytes, limits, sheet_name)?, layout, profiles)
}

/// The sheet of an import that was checked, by the columns that it was checked by: what an office
/// chooses or forgets later reads nothing of it otherwise.
pub fn open_kept(
    bytes: &[u8],
    limits: &SheetLimits,
    job: &ImportJob,
    profiles: &Profiles,
) -> Result<ReadSheet, String> {
    let layout = Layout::from_text(&job.layout).ok_or("还没有选定这是哪一种表。")?;
    let table = table_of(bytes, limits, &job.sheet_name)?;
    let chosen = Columns::from_text(&job.bindings).chosen(&table, layout);
    match chosen.and_then(|chosen| layout::recognise_by(&table, &chosen).ok()) {
        Some(binding) => Ok(ReadSheet { table, binding }),
        None => of_table(table, layout, profiles),
    }
}

fn of_table(table: Table, layout: Layout, profiles: &Profiles) -> Result<ReadSheet, String> {
    let chosen = by_profile(&table, Some(layout), profiles);
    let binding = chosen
        .map_or_else(|| layout::recognise_as(&table, layout), Ok)
        .map_err(|problem| problem.to_chinese())?;
    Ok(ReadSheet { table, binding })
}

/// One named sheet of a file, whatever it is.
pub fn table_of(bytes: &[u8], limits: &SheetLimits, sheet_name: &str) -> Result<Table, String> {
    let tables = sheet::read(bytes, limits).map_err(|problem| problem.to_chinese())?;
    tables
        .into_iter()
        .find(|table| table.name == sheet_name)
        .ok_or_else(|| format!("文件里没有名为“{sheet_name}”的工作表。"))
}

/// The columns that somebody chose for such headings.
fn by_profile(table: &Table, layout: Option<Layout>, profiles: &Profiles) -> Option<Binding> {
    if profiles.is_empty() {
        return None;
    }
    let (_, headings) = layout::outline(table, Layout::BORROWERS).ok()?;
    let chosen = profiles.get(&profile::key_of(&headings))?;
    if layout.is_some_and(|layout| layout != chosen.layout) {
        return None;
    }
    layout::recognise_by(table, chosen).ok()
}

impl ReadSheet {
    /// How many lines there are below the headings.
    pub fn lines_total(&self) -> usize {
        self.binding.rows(&self.table).len()
    }

    /// The lines below the headings, each compared with the others.
    pub fn lines(self, today: NaiveDate, limits: Limits) -> Lines {
        let mut lines =
            Lines { sheet: self, today, limits, repeated: HashMap::new(), read_lines: None };
        if lines.sheet.lines_total() <= KEPT_MOST {
            lines.read_lines = Some(lines.read().collect());
        }
        lines.repeated = lines.find_repeated();
        if let Some(cached) = &mut lines.read_lines {
            cached.iter_mut().for_each(|line| mark(line, &lines.repeated));
        }
        lines
    }
}

/// As many lines are kept as they were read; those of a longer sheet are read each time they are
/// looked at, which takes less than what a row says takes room.
const KEPT_MOST: usize = 10_000;

/// The lines of a sheet.
pub struct Lines {
    pub sheet: ReadSheet,
    today: NaiveDate,
    limits: Limits,
    /// The note on each line that says what an earlier one says.
    repeated: HashMap<u32, RowMessage>,
    read_lines: Option<Vec<ReadLine>>,
}

impl Lines {
    pub fn total(&self) -> usize {
        self.sheet.lines_total()
    }

    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, ReadLine>> {
        let cached = self.read_lines.iter().flatten().map(Cow::Borrowed);
        let fresh = self.read_lines.is_none().then(|| {
            self.read().map(|mut line| {
                mark(&mut line, &self.repeated);
                Cow::Owned(line)
            })
        });
        cached.chain(fresh.into_iter().flatten())
    }

    fn read(&self) -> impl Iterator<Item = ReadLine> + '_ {
        let ReadSheet { table, binding } = &self.sheet;
        layout::read_rows(table, binding, self.today, &self.limits).map(read_line)
    }

    fn find_repeated(&self) -> HashMap<u32, RowMessage> {
        let ReadSheet { table, binding } = &self.sheet;
        let reread = |line| {
            let row = table.rows.get(table.rows.place_of(line)?)?;
            match layout::read_row(binding, &row, self.today, &self.limits) {
                Read::Row(parsed) => parsed.row,
                Read::Skipped(_) => None,
            }
        };
        let found = match &self.read_lines {
            Some(cached) => {
                let rows = cached
                    .iter()
                    .filter_map(|line| Some((line.line, line.parsed.as_ref()?.row.as_ref()?)));
                find_duplicates(rows, reread)
            }
            None => {
                let rows = self.read().filter_map(|line| Some((line.line, line.parsed?.row?)));
                find_duplicates(rows, reread)
            }
        };
        found.into_iter().map(|dup| (dup.line, dup.note())).collect()
    }
}

fn read_line((line, read): (u32, Read)) -> ReadLine {
    match read {
        Read::Row(parsed) => ReadLine { line, parsed: Some(parsed), skipped: None },
        Read::Skipped(note) => ReadLine { line, parsed: None, skipped: Some(note) },
    }
}

/// A line that repeats an earlier one is passed over; one that contradicts it is refused.
fn mark(line: &mut ReadLine, repeated: &HashMap<u32, RowMessage>) {
    let Some(note) = repeated.get(&line.line) else { return };
    debug_assert_eq!(note.fault, Fault::DuplicateRow);
    if note.severity == Severity::Refused {
        if let Some(parsed) = &mut line.parsed {
            parsed.notes.push(note.clone());
        }
    } else {
        line.skipped = Some(note.clone());
    }
}
