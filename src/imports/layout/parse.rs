//! One line of a sheet becomes a typed row with notes.

use chrono::NaiveDate;

use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::imports::layout::binding::{Binding, Line};
use crate::imports::layout::fault::{Hook, RowMessage, Severity};
use crate::imports::layout::kind::Limits;
use crate::imports::layout::reader::Reader;
use crate::imports::layout::rows::Row;
use crate::plumbing::sheet::{Cell, SheetRow, Table};

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The row; nothing when a required value is missing or useless. May be there although a
    /// note refuses it: then that note's hook could still save it, or it must not be posted.
    pub row: Option<Row>,
    /// Remarks, in the order of the columns; empty for a clean line.
    pub notes: Vec<RowMessage>,
    /// Whom the line is about as far as that can be read, also when it is refused.
    pub who: Option<String>,
    /// The amount that tells most about it.
    pub amount: Option<Fen>,
}

impl Parsed {
    /// True when the row must not be posted as things stand.
    pub fn is_refused(&self) -> bool {
        self.row.is_none() || self.notes.iter().any(|note| note.severity == Severity::Refused)
    }

    /// True when resolving hooks could still save the row: it is there, and every refusing
    /// note has a hook.
    pub fn can_be_saved(&self) -> bool {
        let refusing = |note: &&RowMessage| note.severity == Severity::Refused;
        self.row.is_some() && self.notes.iter().filter(refusing).all(|note| note.hook.is_some())
    }

    /// The candidate of a 15-digit number, when there is one.
    pub fn upgraded(&self) -> Option<IdNumber> {
        self.notes.iter().find_map(|note| match note.hook {
            Some(Hook::Upgraded(candidate)) => Some(candidate),
            _ => None,
        })
    }

    /// Exactly one known person has the upgraded number: the row is taken with a warning.
    pub fn accept_upgraded(&mut self) {
        for note in &mut self.notes {
            if let Some(Hook::Upgraded(candidate)) = note.hook {
                note.severity = Severity::Warning;
                note.hook = None;
                note.message = format!(
                    "15 位的旧身份证号已按系统中的同一人改为 18 位（{}），请核对。",
                    candidate.masked()
                );
            }
        }
    }

    /// The row's number belongs to a known person: the known name is kept, with a warning.
    pub fn keep_known_name(&mut self, known: &str) {
        for note in self.notes.iter_mut().filter(|note| note.hook == Some(Hook::KnownName)) {
            note.severity = note.severity.min(Severity::Warning);
            note.hook = None;
            note.message = format!("表中的姓名写法有误或不同，已沿用系统中的“{known}”，请核对。");
        }
        if let Some(row) = &mut self.row {
            row.set_name(known);
        }
    }
}

/// What one line below the headings is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Data, understood or refused.
    Row(Parsed),
    /// No data: blank, headings again, totals, signatures.
    Skipped(RowMessage),
}

/// Reads the lines below the headings one after the other, with their numbers. Nothing is
/// kept, so a file can be worked through in pieces.
pub fn read_rows<'a>(
    table: &'a Table,
    binding: &'a Binding,
    today: NaiveDate,
    limits: &'a Limits,
) -> impl Iterator<Item = (u32, Read)> + 'a {
    binding.rows(table).map(move |row| (row.line, read_row(binding, &row, today, limits)))
}

/// Reads one of them.
pub fn read_row(binding: &Binding, row: &SheetRow, today: NaiveDate, limits: &Limits) -> Read {
    match binding.classify(row) {
        Line::Data => Read::Row(parse_row(binding, &row.cells, today, limits)),
        Line::Skipped(note) => Read::Skipped(note),
    }
}

/// Reads one line below the headings. Never stops at the first fault: all are noted.
pub fn parse_row(binding: &Binding, cells: &[Cell], today: NaiveDate, limits: &Limits) -> Parsed {
    let mut reader = Reader::new(binding, cells, today, limits);
    let row = (binding.layout.0.read)(&mut reader);
    let amount = reader.amount();
    Parsed { row, amount, who: reader.who, notes: reader.notes }
}
