//! How much room the sheets of an old XLS file claim, before anything is laid out: the library
//! makes a full rectangle from the first to the last cell of each sheet, and two cells in the
//! corners of a small file are sixteen million places.

use std::collections::BTreeSet;

use super::SheetProblem;

/// More sheets than anybody has; the bound on how often the stream is walked through.
const SHEETS: usize = 300;
/// Rows and columns that the format can have.
const WHOLE_SHEET: u64 = 65_536 * 256;

/// Refuses a file whose sheets together claim more than `places`.
pub(super) fn check(bytes: &[u8], places: usize) -> Result<(), SheetProblem> {
    // What cannot be read here is not read by the library either, and it says why.
    let Some(stream) = stream(bytes) else { return Ok(()) };
    let starts: BTreeSet<u32> = Records(&stream)
        .take_while(|(kind, _)| *kind != END)
        .filter(|(kind, _)| *kind == SHEET)
        .filter_map(|(_, data)| u32_at(data, 0))
        .collect();
    if starts.len() > SHEETS {
        return Err(SheetProblem::TooManyCells);
    }
    let mut left = u64::try_from(places).unwrap_or(u64::MAX);
    for start in starts {
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        let claimed = claimed(stream.get(from..).unwrap_or_default())?;
        left = left.checked_sub(claimed).ok_or(SheetProblem::TooManyCells)?;
    }
    Ok(())
}

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;
const SHEET: u16 = 0x0085;
const DIMENSIONS: u16 = 0x0200;
const SEVERAL: u16 = 0x00BD;
/// Formula, number, label, two more kinds of label, boolean, number in short.
const CELLS: [u16; 7] = [0x0006, 0x0203, 0x0204, 0x00D6, 0x00FD, 0x0205, 0x027E];

/// Places of the rectangle from the first to the last cell of one sheet.
fn claimed(sheet: &[u8]) -> Result<u64, SheetProblem> {
    let mut depth = 0_u32;
    let (mut rows, mut columns) = ((u16::MAX, 0), (u16::MAX, 0));
    for (kind, data) in Records(sheet) {
        match kind {
            BEGIN => depth += 1,
            END => depth = depth.saturating_sub(1),
            // Charts inside a sheet have cells of their own, which nobody lays out.
            _ if depth > 1 => {}
            DIMENSIONS if data.len() >= 14 => {
                let at = |at| u32_at(data, at).map_or(0, u64::from);
                let wide = u64::from(u16_at(data, 10).unwrap_or_default());
                if at(4).saturating_sub(at(0)).saturating_mul(wide) > WHOLE_SHEET {
                    return Err(SheetProblem::Damaged);
                }
            }
            kind if kind == SEVERAL || CELLS.contains(&kind) => {
                let last = if kind == SEVERAL { data.len().saturating_sub(2) } else { 2 };
                let cell = (u16_at(data, 0), u16_at(data, 2), u16_at(data, last));
                let (Some(row), Some(first), Some(last)) = cell else { continue };
                rows = (rows.0.min(row), rows.1.max(row));
                columns = (columns.0.min(first), columns.1.max(last));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let span = |(first, last): (u16, u16)| u64::from(last) + 1 - u64::from(first.min(last));
    Ok(if rows.0 > rows.1 { 0 } else { span(rows) * span(columns) })
}

/// The records of a stream: kind and data.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (u16_at(self.0, 0)?, usize::from(u16_at(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = self.0.get(4 + length..)?;
        Some((kind, data))
    }
}

/// The stream of an OLE container in which the workbook stands.
fn stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = 1_usize.checked_shl(u32::from(u16_at(bytes, 30)?)).filter(|size| *size >= 128)?;
    let sectors = bytes.get(size..)?;
    let mut parts = numbers(bytes.get(76..512)?);
    let mut next = u32_at(bytes, 68)?;
    for _ in 0..=bytes.len() / size {
        let Some(more) = sector(sectors, size, next) else { break };
        parts.extend(numbers(more));
        next = parts.pop()?;
    }
    let parts = parts.into_iter().take(bytes.len() / size + 1);
    let table: Vec<u32> =
        parts.filter_map(|id| sector(sectors, size, id)).flat_map(numbers).collect();
    let large = |start| chain(sectors, size, &table, start);
    let folder = large(u32_at(bytes, 48)?);
    let entry = ["Workbook", "Book"].iter().find_map(|name| {
        let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let own = |entry: &&[u8]| {
            entry.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(&name))
        };
        folder.chunks_exact(128).find(own)
    })?;
    let start = u32_at(entry, 116)?;
    if u32_at(entry, 120)? >= SHORT {
        return Some(large(start));
    }
    let table = numbers(&large(u32_at(bytes, 60)?));
    Some(chain(&large(u32_at(&folder, 116)?), 64, &table, start))
}

/// A stream of fewer bytes is in pieces of 64 bytes inside another one.
const SHORT: u32 = 4096;

fn sector(sectors: &[u8], size: usize, id: u32) -> Option<&[u8]> {
    let from = usize::try_from(id).ok()?.checked_mul(size)?;
    let rest = sectors.get(from..).filter(|rest| !rest.is_empty())?;
    Some(rest.get(..size).unwrap_or(rest))
}

fn chain(sectors: &[u8], size: usize, table: &[u32], start: u32) -> Vec<u8> {
    let (mut data, mut next) = (Vec::new(), Some(start));
    for _ in 0..=sectors.len() / size {
        let Some((id, part)) = next.and_then(|id| Some((id, sector(sectors, size, id)?))) else {
            break;
        };
        data.extend_from_slice(part);
        next = usize::try_from(id).ok().and_then(|id| table.get(id)).copied();
    }
    data
}

fn numbers(data: &[u8]) -> Vec<u32> {
    let four = |four: &[u8]| four.try_into().ok().map(u32::from_le_bytes);
    data.chunks_exact(4).filter_map(four).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
