//! Sheets as people send them: sample sets, faults one by one, layouts, workbooks.

mod faults;
mod layouts;
mod samples;
mod workbooks;

use chrono::NaiveDate;
use zhuxue::book::policy::Policy;
use zhuxue::book::statement::Product;
use zhuxue::imports::layout::{
    Binding, Duplicate, Layout, Limits, Parsed, Read, RowMessage, find_duplicates, read_rows,
    recognise,
};
use zhuxue::plumbing::sheet::{SheetLimits, Table, read};

/// The day of the sample sets.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
}

/// What the national rules allow.
pub fn limits() -> Limits {
    Limits::of(&Policy::embedded().unwrap(), Product::Cdb)
}

/// The one sheet in a file.
pub fn table(bytes: &[u8]) -> Table {
    let mut tables = read(bytes, &SheetLimits::default()).unwrap();
    assert_eq!(tables.len(), 1);
    tables.remove(0)
}

/// Everything the importer says about a sheet.
pub struct Said {
    pub binding: Binding,
    pub rows: Vec<(u32, Parsed)>,
    pub skipped: Vec<(u32, RowMessage)>,
    pub duplicates: Vec<Duplicate>,
}

/// Reads a sheet as the importer will.
pub fn import(table: &Table) -> Said {
    let binding = recognise(table).unwrap();
    let limits = limits();
    let (mut rows, mut skipped) = (Vec::new(), Vec::new());
    for (line, read) in read_rows(table, &binding, today(), &limits) {
        match read {
            Read::Row(parsed) => rows.push((line, parsed)),
            Read::Skipped(note) => skipped.push((line, note)),
        }
    }
    let typed = || rows.iter().filter_map(|(line, parsed)| Some((*line, parsed.row.as_ref()?)));
    let again = |line| typed().find(|(own, _)| *own == line).map(|(_, row)| row.clone());
    let duplicates = find_duplicates(typed(), again);
    Said { binding, rows, skipped, duplicates }
}

impl Said {
    /// All notes with their lines.
    pub fn notes(&self) -> Vec<(u32, RowMessage)> {
        let mut notes = self.skipped.clone();
        for (line, parsed) in &self.rows {
            notes.extend(parsed.notes.iter().map(|note| (*line, note.clone())));
        }
        notes.extend(self.duplicates.iter().map(|d| (d.line, d.note())));
        notes.sort_by_key(|(line, _)| *line);
        notes
    }
}

/// A CSV with the headings of a layout and one row, given as key and value.
pub fn one_row(layout: Layout, values: &[(&str, &str)]) -> Said {
    let columns: Vec<_> = layout
        .columns()
        .iter()
        .filter(|column| column.required || values.iter().any(|(key, _)| *key == column.key))
        .collect();
    let headings: Vec<_> = columns.iter().map(|column| column.heading).collect();
    let cells: Vec<_> = columns
        .iter()
        .map(|column| values.iter().find(|(key, _)| *key == column.key).map_or("", |(_, v)| v))
        .map(|value| format!("\"{value}\""))
        .collect();
    let text = format!("{}\n{}\n{}\n", layout.title(), headings.join(","), cells.join(","));
    import(&table(text.as_bytes()))
}
