//! CSV: encoding and delimiter are found out, rows are numbered as a spreadsheet numbers them.
//!
//! The `csv` crate drops empty lines and with them the row numbers that the user sees, so the
//! rows are cut here.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use super::{Cell, Rows, SheetLimits, SheetProblem, SheetRow, Table};

/// Reads a whole CSV file.
pub(super) fn read(bytes: &[u8], limits: &SheetLimits) -> Result<Table, SheetProblem> {
    let text = decode(bytes)?;
    let mut left = limits.places;
    let mut rows = Rows::default();
    let mut lines = TextRows { most: limits.columns, ..TextRows::new(&text) };
    while let Some(mut row) = lines.next() {
        if let Some(line) = lines.open_quote {
            return Err(SheetProblem::OpenQuote(line));
        }
        // Blank cells behind the last value are how some exports fill a row up.
        while row.cells.last().is_some_and(Cell::is_blank) && row.cells.len() > 1 {
            row.cells.pop();
        }
        if row.cells.len() > limits.columns {
            return Err(SheetProblem::TooManyCells);
        }
        left = left.checked_sub(row.cells.len() + 1).ok_or(SheetProblem::TooManyCells)?;
        for cell in &mut row.cells {
            unwrap(cell);
        }
        rows.push(&row);
    }
    Ok(Table { rows, ..Table::default() })
}

/// `="512099..."` is how a CSV keeps a spreadsheet from taking a long number for a quantity.
fn unwrap(cell: &mut Cell) {
    let inside = cell.text.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    if let Some(inside) = inside.filter(|inside| !inside.contains('"')) {
        cell.text = inside.into();
    }
}

/// UTF-8 with or without a mark, UTF-16 with a mark, else GB 18030 (Excel's "CSV" in China).
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetProblem> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Ok(String::from_utf8_lossy(rest));
    }
    for (mark, encoding) in [(b"\xFF\xFE", UTF_16LE), (b"\xFE\xFF", UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return usable(encoding.decode_without_bom_handling(rest).0);
        }
    }
    if bytes.contains(&0) {
        return Err(SheetProblem::NotASheet("程序或数据文件"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => usable(GB18030.decode_without_bom_handling(bytes).0),
    }
}

/// A few lost characters are reported where they stand; a text full of them is not understood.
fn usable(text: Cow<'_, str>) -> Result<Cow<'_, str>, SheetProblem> {
    let odd = |c: &char| *c == '\u{FFFD}' || (c.is_control() && !matches!(c, '\r' | '\n' | '\t'));
    let lost = text.chars().filter(odd).count();
    if lost * 200 > text.chars().count() { Err(SheetProblem::Encoding) } else { Ok(text) }
}

/// The rows of a CSV text, one after the other.
#[derive(Clone, Debug)]
pub struct TextRows<'a> {
    rest: &'a str,
    delimiter: char,
    line: u32,
    /// The line in which a quotation mark opens that cannot be meant.
    open_quote: Option<u32>,
    /// Of the cells of a row behind as many, only those with content are kept, and of these one.
    most: usize,
}

/// A cell in quotes may hold line breaks; one that holds as many delimiters as this besides is
/// no cell but lines that a stray quotation mark swallowed.
const SWALLOWED: usize = 5;

impl<'a> TextRows<'a> {
    /// Cuts `text`, with the delimiter (`,` `;` TAB) that its first lines use most.
    pub fn new(text: &'a str) -> Self {
        let delimiter = delimiter_of(text);
        TextRows { rest: text, delimiter, line: 0, open_quote: None, most: usize::MAX }
    }

    /// The next cell, and what stands behind it.
    fn cell(&mut self) -> (Box<str>, Behind) {
        if let Some(inside) = self.rest.strip_prefix('"') {
            return self.quoted_cell(inside);
        }
        let stop = |c: char| c == self.delimiter || c == '\n' || c == '\r';
        let (text, rest) = self.rest.split_at(self.rest.find(stop).unwrap_or(self.rest.len()));
        self.rest = rest;
        (text.into(), self.behind())
    }

    fn quoted_cell(&mut self, inside: &'a str) -> (Box<str>, Behind) {
        let mut text = String::new();
        let mut rest = inside;
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                // Never closed: the rest of the file is one cell.
                text.push_str(rest);
                self.rest = "";
                self.open_quote.get_or_insert(self.line);
                return (text.into(), Behind::End);
            };
            text.push_str(before);
            rest = match after.strip_prefix('"') {
                Some(more) => {
                    text.push('"');
                    more
                }
                None => {
                    self.rest = after;
                    break;
                }
            };
        }
        if text.contains('\n') && text.matches(self.delimiter).count() >= SWALLOWED {
            self.open_quote.get_or_insert(self.line);
        }
        // What follows a closing quote up to the delimiter belongs to the cell.
        let (more, behind) =
            if self.at_a_stop() { ("".into(), self.behind()) } else { self.cell() };
        text.push_str(&more);
        (text.into(), behind)
    }

    fn at_a_stop(&self) -> bool {
        let stop = |c: char| c == self.delimiter || c == '\n' || c == '\r';
        self.rest.is_empty() || self.rest.starts_with(stop)
    }

    fn behind(&mut self) -> Behind {
        if let Some(rest) = self.rest.strip_prefix(self.delimiter) {
            self.rest = rest;
            return Behind::Cell;
        }
        for end in ["\r\n", "\n", "\r"] {
            if let Some(rest) = self.rest.strip_prefix(end) {
                self.rest = rest;
                return Behind::Row;
            }
        }
        Behind::End
    }
}

/// What stands behind a cell.
#[derive(PartialEq, Eq)]
enum Behind {
    Cell,
    Row,
    End,
}

impl Iterator for TextRows<'_> {
    type Item = SheetRow;

    fn next(&mut self) -> Option<SheetRow> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let mut cells = Vec::new();
        loop {
            let (text, behind) = self.cell();
            if cells.len() < self.most || (cells.len() == self.most && !text.trim().is_empty()) {
                cells.push(Cell::text(text));
            }
            if behind != Behind::Cell {
                return Some(SheetRow { line: self.line, cells });
            }
        }
    }
}

/// That of `,` `;` TAB which stands outside quotes in most of the first lines: the headings are
/// among them, where marks inside cells do not occur. In as many lines, the more frequent one;
/// TABs also guard long numbers inside comma files, so the comma wins when all is equal.
fn delimiter_of(text: &str) -> char {
    let mut counts = [(',', (0, 0)), (';', (0, 0)), ('\t', (0, 0))];
    let mut quoted = false;
    for line in text.lines().take(8) {
        let mut seen = [false; 3];
        for c in line.chars() {
            quoted ^= c == '"';
            for ((delimiter, count), seen) in counts.iter_mut().zip(&mut seen) {
                if !quoted && *delimiter == c {
                    count.0 += u32::from(!*seen);
                    count.1 += 1;
                    *seen = true;
                }
            }
        }
    }
    let mut best = (',', (0, 0));
    for (delimiter, count) in counts {
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(u32, Vec<String>)> {
        let texts = |row: SheetRow| row.cells.iter().map(|c| c.text.to_string()).collect();
        TextRows::new(text).map(|row| (row.line, texts(row))).collect()
    }

    fn row(line: u32, texts: &[&str]) -> (u32, Vec<String>) {
        (line, texts.iter().map(|t| (*t).to_owned()).collect())
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
        assert_eq!(
            cells("a,b\r\n\r\n\"1\n2\",\"say \"\"hi\"\"\"\r\nx,\n"),
            [
                row(1, &["a", "b"]),
                row(2, &[""]),
                row(3, &["1\n2", "say \"hi\""]),
                row(4, &["x", ""])
            ]
        );
        assert_eq!(cells("a;b\n1,5;2"), [row(1, &["a", "b"]), row(2, &["1,5", "2"])]);
        assert_eq!(cells("a\tb\r1\t2"), [row(1, &["a", "b"]), row(2, &["1", "2"])]);
        assert_eq!(cells("a,\"b"), [row(1, &["a", "b"])]);
        assert_eq!(cells("\"a\"b,c"), [row(1, &["ab", "c"])]);
    }

    #[test]
    fn encodings_are_found_out() {
        let text = "姓名,学校\r\n程林㼆,𬱖大学\r\n";
        let gb = GB18030.encode(text).0.into_owned();
        assert_eq!(decode(&gb).unwrap(), text);
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
        assert_eq!(decode(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()).unwrap(), text);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&[b"\xFF\xFE", wide.as_slice()].concat()).unwrap(), text);
        assert_eq!(decode(b"\xFF\xFF\xFF\xFF\xFF"), Err(SheetProblem::Encoding));
    }
}
