//! The words of headings, and in which line of a sheet they stand.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::kind::Layout;
use super::unit::{Unit, normal};
use crate::plumbing::sheet::{Cell, SheetRow, Table};

/// How far down headings are looked for.
const SEARCHED_ROWS: usize = 15;
/// Matching headings that make a line a line of headings.
const FEWEST_HEADINGS: usize = 2;

/// Normalised heading -> the columns it may mean.
pub(super) static KNOWN: LazyLock<HashMap<String, Vec<(Layout, usize)>>> = LazyLock::new(|| {
    let mut known: HashMap<String, Vec<(Layout, usize)>> = HashMap::new();
    for layout in Layout::ALL {
        for (at, column) in layout.columns().iter().enumerate() {
            let names = column.synonyms.split('|').filter(|name| !name.trim().is_empty());
            for name in names.chain([column.heading]) {
                for name in [name.to_owned()].into_iter().chain(for_a_parent(name)) {
                    let places = known.entry(normal(&name).0).or_default();
                    if !places.contains(&(layout, at)) {
                        places.push((layout, at));
                    }
                }
            }
        }
    }
    known
});

/// Schools write 家长 where the bank writes 共同借款人.
fn for_a_parent(name: &str) -> impl Iterator<Item = String> {
    let other = |word: &'static str| name.replacen("共同借款人", word, 1);
    let named = name.starts_with("共同借款人");
    ["家长", "监护人", "共借人"].into_iter().filter(move |_| named).map(other)
}

/// A heading as it is known: whole, or one of its lines, or what stands before its Latin part
/// (`姓名` over `real_name`).
pub(super) fn known(heading: &str) -> (String, Unit) {
    let whole = normal(heading);
    let latin = |c: char| c.is_ascii();
    let front = heading.trim_end_matches(latin);
    let tail = heading.get(front.len()..).unwrap_or_default();
    let word = tail.chars().filter(char::is_ascii_alphabetic).count() > 1;
    let parts = heading.lines().chain(word.then_some(front));
    let found = parts.map(normal).find(|(name, _)| KNOWN.contains_key(name));
    if KNOWN.contains_key(&whole.0) { whole } else { found.unwrap_or(whole) }
}

/// A line of headings that was tried.
pub(super) struct Tried {
    /// Normalised headings with units, one per cell; merged with the line above when so.
    pub(super) headings: Vec<(String, Unit)>,
    /// The headings as written.
    pub(super) written: Vec<String>,
    /// Index of the row, the lower one when they take two.
    pub(super) last_row: usize,
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
                let is_known = KNOWN.contains_key(&known(&joined).0);
                if is_known { joined } else { lower.to_owned() }
            }
        };
        headings.push(known(&whole));
        written.push(whole);
    }
    let matched = headings.iter().filter(|(name, _)| KNOWN.contains_key(name)).count();
    Tried { headings, written, last_row, matched }
}

/// Every line, and pair of lines, among the first ones that may hold the headings.
fn tried(table: &Table) -> impl Iterator<Item = Tried> + '_ {
    table.rows.iter().enumerate().take(SEARCHED_ROWS).flat_map(|(at, row)| {
        let single = try_row(None, &row, at);
        let below = table.rows.get(at + 1).filter(|_| single.matched > 0);
        let pair = below.map(|below| try_row(Some(&row), &below, at + 1));
        [Some(single), pair].into_iter().flatten()
    })
}

/// The line, or pair of lines, among the first ones that holds most known headings.
pub(super) fn find_headings(table: &Table) -> Option<Tried> {
    let mut best: Option<Tried> = None;
    for tried in tried(table) {
        if best.as_ref().is_none_or(|best| tried.matched > best.matched) {
            best = Some(tried);
        }
    }
    best.filter(|best| best.matched >= FEWEST_HEADINGS)
}

/// The texts above the headings.
pub(super) fn titles(table: &Table, last_row: usize) -> Vec<String> {
    let above = table.rows.iter().take(last_row).flat_map(|row| row.cells);
    above.map(|cell| cell.text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}
