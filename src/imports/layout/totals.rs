//! A line of totals held against the lines above it.

use super::binding::{Binding, Line};
use super::fault::Fault;
use super::kind::ColumnKind;
use super::unit::Unit;
use super::value;
use crate::base::money::Fen;
use crate::base::person_name::half;
use crate::plumbing::sheet::{SheetRow, Table};

/// What is added up of one column.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Of the whole sheet so far.
    all: Fen,
    /// Since the last line of totals.
    page: Fen,
    /// A cell of it could not be read: nothing can be said about its totals.
    lost: bool,
}

/// Every total that is neither the sum of the sheet so far nor that since the last total, in
/// words.
pub fn contradictions(table: &Table, binding: &Binding) -> Vec<String> {
    let columns: Vec<usize> = binding
        .layout
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind == ColumnKind::Money)
        .map(|(at, _)| at)
        .collect();
    let mut sums = vec![Sum::default(); columns.len()];
    let mut found = Vec::new();
    for row in binding.rows(table) {
        match binding.classify(&row) {
            Line::Data => {
                for (at, sum) in columns.iter().zip(&mut sums) {
                    add(binding, &row, *at, sum);
                }
            }
            Line::Skipped(note) if note.fault == Fault::TotalRow => {
                for (at, sum) in columns.iter().zip(&mut sums) {
                    found.extend(contradiction(binding, &row, *at, *sum));
                    sum.page = Fen::ZERO;
                }
            }
            Line::Skipped(_) => {}
        }
    }
    found
}

fn add(binding: &Binding, row: &SheetRow, at: usize, sum: &mut Sum) {
    match amount(binding, row, at) {
        None => {}
        Some(Ok((amount, _))) => {
            sum.all += amount;
            sum.page += amount;
        }
        Some(Err(())) => sum.lost = true,
    }
}

fn contradiction(binding: &Binding, row: &SheetRow, at: usize, sum: Sum) -> Option<String> {
    let Some(Ok((total, heading))) = amount(binding, row, at) else { return None };
    if sum.lost || total == sum.all || total == sum.page {
        return None;
    }
    Some(format!(
        "第 {} 行是合计，“{heading}”写的是 {} 元，各行相加是 {} 元，对不上。",
        row.line,
        total.to_page_text(),
        sum.all.to_page_text()
    ))
}

/// The amount in a cell; nothing when it is blank.
fn amount(binding: &Binding, row: &SheetRow, at: usize) -> Option<Result<(Fen, &'static str), ()>> {
    let (cell, unit, column): (_, Unit, _) = binding.cell(at, &row.cells)?;
    if cell.is_blank() {
        return None;
    }
    let text: String = cell.text.trim().chars().map(half).collect();
    let read = value::money(&text, cell.kind, unit);
    Some(read.map(|(amount, _)| (amount, column.heading)).ok_or(()))
}
