//! The rows of a sheet, packed: a county's list has millions of cells, and a cell by itself takes
//! four times what stands in it.

use super::{Cell, CellKind, SheetRow};

/// Rows in their order; each is unpacked when it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(Vec<Packed>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Packed {
    line: u32,
    /// All texts of the row, one behind the other.
    text: Box<str>,
    /// Where the text of each cell ends, with the kind of cell in the lowest bits.
    ends: Box<[u32]>,
}

const KINDS: [CellKind; 4] = [CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Error];
const KIND_MASK: u32 = 0b011;
const MERGED: u32 = 0b100;
const KIND_BITS: u32 = 3;

impl Rows {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row at a place, from 0.
    pub fn get(&self, at: usize) -> Option<SheetRow> {
        self.0.get(at).map(Packed::row)
    }

    /// Where the row of a number stands, from 0.
    pub fn place_of(&self, line: u32) -> Option<usize> {
        self.0.binary_search_by_key(&line, |row| row.line).ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = SheetRow> + '_ {
        self.0.iter().map(Packed::row)
    }

    /// The rows from a place on, from 0.
    pub fn from(&self, at: usize) -> impl ExactSizeIterator<Item = SheetRow> + '_ {
        self.0.get(at..).unwrap_or_default().iter().map(Packed::row)
    }

    /// The number of the last row that a spreadsheet program shows; 0 without rows.
    pub fn last_line(&self) -> u32 {
        self.0.last().map_or(0, |row| row.line)
    }

    pub fn push(&mut self, row: &SheetRow) {
        self.0.push(Packed::of(row));
    }

    /// Takes the blank rows at the end away.
    pub(super) fn without_blank_end(mut self) -> Rows {
        while self.0.last().is_some_and(|row| row.row().is_blank()) {
            self.0.pop();
        }
        self.0.shrink_to_fit();
        self
    }
}

impl Packed {
    fn of(row: &SheetRow) -> Packed {
        let mut text = String::with_capacity(row.cells.iter().map(|cell| cell.text.len()).sum());
        let ends = row.cells.iter().map(|cell| {
            text.push_str(&cell.text);
            let kind = KINDS.iter().position(|kind| *kind == cell.kind).unwrap_or_default();
            let kind = u32::try_from(kind).unwrap_or_default();
            let merged = if cell.merged { MERGED } else { 0 };
            u32::try_from(text.len()).unwrap_or(u32::MAX) << KIND_BITS | merged | kind
        });
        let ends = ends.collect();
        Packed { line: row.line, text: text.into(), ends }
    }

    fn row(&self) -> SheetRow {
        let mut from = 0;
        let cells = self.ends.iter().map(|end| {
            let to = usize::try_from(end >> KIND_BITS).unwrap_or(usize::MAX);
            let text = self.text.get(from..to).unwrap_or_default();
            from = to;
            let kind = usize::try_from(end & KIND_MASK).unwrap_or_default();
            let kind = KINDS.get(kind).copied().unwrap_or_default();
            Cell { text: text.into(), kind, merged: end & MERGED != 0 }
        });
        SheetRow { line: self.line, cells: cells.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_when_unpacked() {
        let merged = Cell { merged: true, ..Cell::text("程林㼆") };
        let cells = vec![Cell::text(""), merged, Cell::new("7", CellKind::Number), Cell::default()];
        let row = SheetRow { line: 9, cells };
        let mut rows = Rows::default();
        rows.push(&row);
        rows.push(&SheetRow { line: 10, cells: vec![Cell::text(" ")] });
        assert_eq!(rows.get(0), Some(row));
        assert_eq!((rows.last_line(), rows.without_blank_end().len()), (10, 1));
    }
}
