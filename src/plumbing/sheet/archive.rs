//! Guards against archives that unpack to far more than they seem to hold (zip bombs).
//!
//! The sizes an archive declares can lie, so every part is unpacked once into nothing, counting.
//! That costs some milliseconds for a county's workbook and needs no memory.

use std::io::{BufRead, BufReader, Read};

use flate2::read::DeflateDecoder;

use super::SheetProblem;

/// Texts that a workbook names by their number are held in memory as long as it is read: this
/// share of the limit is for them.
const HELD: u64 = 4;

/// More parts than any office program writes for a table.
const PARTS: usize = 5_000;

/// Walks the parts of a zip archive and adds up what they unpack to.
pub(super) fn check(bytes: &[u8], limit: u64) -> Result<(), SheetProblem> {
    let mut left = limit;
    let mut at = directory(bytes).ok_or(SheetProblem::Damaged)?;
    for _ in 0..PARTS {
        let Some(entry) = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02")) else {
            return Ok(());
        };
        let part = Part::read(entry).ok_or(SheetProblem::Damaged)?;
        let data = part.data(bytes).ok_or(SheetProblem::Damaged)?;
        let unpacked = match part.method {
            0 => u64::try_from(data.len()).unwrap_or(u64::MAX),
            8 if part.is_held(entry) => count(data, left.min(limit / HELD))?,
            8 => count(data, left)?,
            _ => return Err(SheetProblem::Damaged),
        };
        left = left.checked_sub(unpacked).ok_or(SheetProblem::TooBig)?;
        at = at.checked_add(part.entry_len).ok_or(SheetProblem::Damaged)?;
    }
    Err(SheetProblem::TooBig)
}

/// The unpacked text of one part. Only after [`check`] has passed.
pub(super) fn part(bytes: &[u8], name: &str) -> Option<String> {
    let mut at = directory(bytes)?;
    for _ in 0..PARTS {
        let entry = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02"))?;
        let part = Part::read(entry)?;
        if entry.get(46..)?.starts_with(name.as_bytes()) {
            let data = part.data(bytes)?;
            let mut text = String::new();
            match part.method {
                0 => text.push_str(std::str::from_utf8(data).ok()?),
                _ => drop(DeflateDecoder::new(data).read_to_string(&mut text).ok()?),
            }
            return Some(text);
        }
        at = at.checked_add(part.entry_len)?;
    }
    None
}

/// Shows `each` the tags of one part, `row r=\"3\" hidden=\"1\"` and `/row`, without ever holding
/// the whole part. Only after [`check`] has passed.
pub(super) fn tags(bytes: &[u8], name: &str, mut each: impl FnMut(&str)) -> Option<()> {
    let mut at = directory(bytes)?;
    let part = loop {
        let entry = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02"))?;
        let part = Part::read(entry)?;
        let length = usize::from(u16_at(entry, 28)?);
        if entry.get(46..46 + length)? == name.as_bytes() {
            break part;
        }
        at = at.checked_add(part.entry_len)?;
    };
    let data = part.data(bytes)?;
    let mut reader: Box<dyn BufRead + '_> = match part.method {
        0 => Box::new(data),
        _ => Box::new(BufReader::new(DeflateDecoder::new(data))),
    };
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        if reader.read_until(b'>', &mut chunk).ok()? == 0 {
            return Some(());
        }
        let text = String::from_utf8_lossy(&chunk);
        if let Some((_, tag)) = text.rsplit_once('<') {
            each(tag.trim_end_matches('>'));
        }
    }
}

/// One line of the archive's list of parts.
struct Part {
    method: u16,
    packed: usize,
    header_at: usize,
    entry_len: usize,
}

impl Part {
    fn read(entry: &[u8]) -> Option<Part> {
        let tail = usize::from(u16_at(entry, 28)?)
            + usize::from(u16_at(entry, 30)?)
            + usize::from(u16_at(entry, 32)?);
        Some(Part {
            method: u16_at(entry, 10)?,
            packed: usize::try_from(u32_at(entry, 20)?).ok()?,
            header_at: usize::try_from(u32_at(entry, 42)?).ok()?,
            entry_len: 46 + tail,
        })
    }

    fn is_held(&self, entry: &[u8]) -> bool {
        let name = entry.get(46..self.entry_len).unwrap_or_default();
        name.to_ascii_lowercase().starts_with(b"xl/sharedstrings")
    }

    fn data<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let header = bytes.get(self.header_at..)?;
        let start = 30 + usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
        let rest = header.get(start..)?;
        // Archives over 4 GB write 0xFFFFFFFF here; ours are smaller, so that is damage.
        rest.get(..self.packed)
    }
}

/// Bytes that `data` unpacks to; stops one above `left`.
fn count(data: &[u8], left: u64) -> Result<u64, SheetProblem> {
    let mut unpacked = DeflateDecoder::new(data).take(left.saturating_add(1));
    let bytes = std::io::copy(&mut unpacked, &mut std::io::sink());
    let bytes = bytes.map_err(|_| SheetProblem::Damaged)?;
    if bytes > left { Err(SheetProblem::TooBig) } else { Ok(bytes) }
}

/// Where the list of parts begins: the end record stands in the last 64 KiB.
fn directory(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(66_000);
    let tail = bytes.get(from..)?;
    let end = tail.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    usize::try_from(u32_at(tail.get(end..)?, 16)?).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// An archive with one part that claims to be small.
    fn bomb(unpacked: usize) -> Vec<u8> {
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![b'0'; unpacked]).unwrap();
        let data = packer.finish().unwrap();
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let mut file = b"PK\x03\x04".to_vec();
        file.extend([0; 22]);
        file.extend([1, 0, 0, 0, b'a']);
        file.truncate(31);
        file.extend(&data);
        let list_at = u32::try_from(file.len()).unwrap().to_le_bytes();
        let mut entry = vec![0; 47];
        entry[..4].copy_from_slice(b"PK\x01\x02");
        entry[10] = 8;
        entry[20..24].copy_from_slice(&size);
        entry[24] = 9;
        entry[28] = 1;
        file.extend(entry);
        let mut end = vec![0; 22];
        end[..4].copy_from_slice(b"PK\x05\x06");
        end[16..20].copy_from_slice(&list_at);
        file.extend(end);
        file
    }

    #[test]
    fn what_it_unpacks_to_counts_and_not_what_it_says() {
        let file = bomb(3_000_000);
        assert!(file.len() < 10_000);
        assert_eq!(check(&file, 2_999_999), Err(SheetProblem::TooBig));
        assert_eq!(check(&file, 3_000_000), Ok(()));
        assert_eq!(check(&file[..200], 3_000_000), Err(SheetProblem::Damaged));
    }
}
