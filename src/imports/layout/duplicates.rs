//! Lines of one file that say the same thing twice.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::fault::{Fault, RowMessage, Severity};
use super::rows::Row;

/// A line whose key an earlier line has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The later line; it is not posted.
    pub line: u32,
    /// The first line with this key.
    pub first_line: u32,
    /// Both are payments: the bank may mean two of them.
    pub is_payment: bool,
    /// Headings of what differs; empty when both say the same.
    pub differing: Vec<&'static str>,
}

impl Duplicate {
    /// The note on the later line: skipped when it says the same, refused when it does not.
    pub fn note(&self) -> RowMessage {
        let first = self.first_line;
        if self.differing.is_empty() && self.is_payment {
            let message = format!(
                "第 {first} 行和这一行完全相同，只入一次。如果确实还了两次，要由银行的清单说明\
                 （例如每次还款后的余额），请向银行核实。"
            );
            return RowMessage::on_line(Severity::Warning, Fault::DuplicateRow, message);
        }
        if self.differing.is_empty() {
            let message = format!("与第 {first} 行完全相同，已跳过。");
            return RowMessage::on_line(Severity::Repaired, Fault::DuplicateRow, message);
        }
        let message = format!(
            "与第 {first} 行重复，但{}不同。请核对后只保留一行，再重新导入。",
            self.differing.join("、")
        );
        RowMessage::on_line(Severity::Refused, Fault::DuplicateRow, message)
    }
}

/// Compares all rows of one sheet by [`super::rows::SheetRow::natural_key`]. Of each row no more is
/// kept than a hash of it and its line; `reread` reads the row of a line once more.
pub fn find_duplicates<R: Borrow<Row>>(
    rows: impl IntoIterator<Item = (u32, R)>,
    reread: impl Fn(u32) -> Option<Row>,
) -> Vec<Duplicate> {
    let hashes = RandomState::new();
    let mut first: HashMap<u64, u32> = HashMap::new();
    let mut duplicates = Vec::new();
    for (line, row) in rows {
        let row = row.borrow();
        let key = row.natural_key();
        let first_line = *first.entry(hashes.hash_one(&key)).or_insert(line);
        if first_line == line {
            continue;
        }
        // Of two keys with one hash the later counts for itself: 1 in 10^9 for 200,000 lines.
        let Some(earlier) = reread(first_line).filter(|row| row.natural_key() == key) else {
            continue;
        };
        let differing = earlier.differences(row);
        duplicates.push(Duplicate { line, first_line, is_payment: row.is_payment(), differing });
    }
    duplicates
}
