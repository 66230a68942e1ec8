//! What the library that reads workbooks does not tell of an XLSX: rows and columns out of sight,
//! formulas without a stored result, merged cells, and from when its days count.

use super::archive;

/// A cell by row and column, both from 0.
type At = (u32, u32);

/// What is found in the part of one sheet.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Hidden rows, from 1.
    pub(super) hidden_lines: Vec<u32>,
    /// Hidden columns, from 0.
    pub(super) hidden_columns: Vec<usize>,
    /// Cells with a formula and no result.
    pub(super) unfilled: Vec<At>,
    /// First and last cell of what is merged.
    pub(super) merges: Vec<(At, At)>,
}

/// What holds for the whole workbook.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The part of each sheet, in the order of the tabs.
    pub(super) paths: Vec<String>,
    /// Days count from 1904 on.
    pub(super) from_1904: bool,
}

/// More hidden rows or columns than this need not be counted one by one.
const MOST: usize = 20_000;

/// More than a sheet may have places: the rest would be refused anyhow.
const MOST_CELLS: usize = 4_000_000;

/// Reads `xl/workbook.xml`; nothing of it is needed to read the cells.
pub(super) fn book(bytes: &[u8]) -> Book {
    let mut book = Book::default();
    let mut ids = Vec::new();
    let _ = archive::tags(bytes, "xl/workbook.xml", |tag| match name_of(tag) {
        "sheet" => ids.push(value(tag, "id").unwrap_or_default().to_owned()),
        "workbookPr" => book.from_1904 |= is_on(tag, "date1904"),
        _ => {}
    });
    let mut targets = Vec::new();
    let _ = archive::tags(bytes, "xl/_rels/workbook.xml.rels", |tag| {
        if let (Some(id), Some(target)) = (value(tag, "Id"), value(tag, "Target")) {
            targets.push((id.to_owned(), target.to_owned()));
        }
    });
    book.paths = ids
        .iter()
        .map(|id| {
            let target = targets.iter().find(|(own, _)| own == id).map_or("", |(_, path)| path);
            match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("xl/{target}"),
            }
        })
        .collect();
    book
}

/// Walks through the part of one sheet.
pub(super) fn sheet(bytes: &[u8], path: &str) -> Parts {
    let mut walk = Walk::default();
    let _ = archive::tags(bytes, path, |tag| walk.see(tag));
    walk.parts
}

/// Where a walk through the tags of a sheet is.
#[derive(Default)]
struct Walk {
    parts: Parts,
    cell: Option<At>,
    formula: bool,
    result: bool,
}

impl Walk {
    fn see(&mut self, tag: &str) {
        let parts = &mut self.parts;
        match name_of(tag) {
            "row" if is_on(tag, "hidden") && parts.hidden_lines.len() < MOST => {
                let line = value(tag, "r").and_then(|line| line.parse::<u32>().ok());
                parts.hidden_lines.extend(line);
            }
            "col" if is_on(tag, "hidden") => {
                let at = |key| value(tag, key).and_then(|text| text.parse::<usize>().ok());
                if let (Some(from), Some(to)) = (at("min"), at("max")) {
                    let room = MOST.saturating_sub(parts.hidden_columns.len());
                    parts.hidden_columns.extend((from.saturating_sub(1)..to).take(room));
                }
            }
            "c" => {
                self.cell = value(tag, "r").and_then(place);
                (self.formula, self.result) = (false, false);
            }
            "f" => self.formula = true,
            "v" | "is" => self.result = true,
            "/c" if self.formula && !self.result && parts.unfilled.len() < MOST_CELLS => {
                parts.unfilled.extend(self.cell.take());
            }
            "mergeCell" if parts.merges.len() < MOST_CELLS => {
                let ends = value(tag, "ref").and_then(|area| area.split_once(':'));
                let ends = ends.and_then(|(from, to)| place(from).zip(place(to)));
                parts.merges.extend(ends);
            }
            _ => {}
        }
    }
}

/// The name of a tag without its prefix: `c` of `x:c r="A1"`.
fn name_of(tag: &str) -> &str {
    let first = tag.split([' ', '\n', '\r', '\t']).next().unwrap_or_default();
    let name = first.trim_end_matches('/');
    let own = name.trim_start_matches('/').rsplit(':').next().unwrap_or_default();
    match (name.starts_with('/'), own) {
        (false, own) => own,
        (true, "c") => "/c",
        (true, _) => "",
    }
}

/// The value of an attribute, with or without a prefix.
fn value<'t>(tag: &'t str, key: &str) -> Option<&'t str> {
    for quote in ['"', '\''] {
        let mut rest = tag;
        while let Some((before, behind)) = rest.split_once(&format!("{key}={quote}")) {
            if before.ends_with([' ', ':', '\n', '\t', '\r']) {
                return behind.split_once(quote).map(|(value, _)| value);
            }
            rest = behind;
        }
    }
    None
}

fn is_on(tag: &str, key: &str) -> bool {
    matches!(value(tag, key), Some("1" | "true"))
}

/// `B3` as row 2 and column 1.
fn place(text: &str) -> Option<At> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, line) = text.split_at_checked(digits)?;
    let mut column: u32 = 0;
    for letter in letters.bytes() {
        let one = u32::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        column = column.checked_mul(26)?.checked_add(one)?;
    }
    Some((line.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_without_a_result_is_known() {
        let mut walk = Walk::default();
        let tags = [
            "c r=\"A1\"",
            "f",
            "/f",
            "v",
            "/v",
            "/c",
            "c r=\"B1\"",
            "f",
            "/f",
            "/c",
            "c r=\"C1\"",
            "v",
            "/v",
            "/c",
            "row r=\"2\" hidden=\"1\"",
            "col min=\"2\" max=\"3\" hidden=\"1\"/",
            "mergeCell ref=\"A4:A5\"/",
        ];
        for tag in tags {
            walk.see(tag);
        }
        assert_eq!(walk.parts.unfilled, [(0, 1)]);
        assert_eq!(walk.parts.hidden_lines, [2]);
        assert_eq!(walk.parts.hidden_columns, [1, 2]);
        assert_eq!(walk.parts.merges, [((3, 0), (4, 0))]);
    }

    #[test]
    fn tags_and_places_are_read() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("AD6"), Some((5, 29)));
        assert_eq!(place("7"), None);
        assert_eq!(name_of("c r=\"A1\" t=\"e\""), "c");
        assert_eq!(name_of("x:c r=\"A1\""), "c");
        assert_eq!(name_of("/c"), "/c");
        assert_eq!(name_of("/x:c"), "/c");
        assert_eq!(name_of("v/"), "v");
        assert_eq!(value("row r=\"3\" hidden=\"1\"", "hidden"), Some("1"));
        assert_eq!(value("sheet sheetId=\"4\" r:id=\"rId1\"", "id"), Some("rId1"));
    }
}
