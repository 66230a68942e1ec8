//! The sample county's ten sheets many times over, each time with other people and other contracts:
//! an import as large as one likes that fits together like a real one.

use super::imports;
use crate::command::CliError;

/// Copies of one set; another set has other people.
const SET: usize = 40;
/// Has one line a month for the whole county.
const MONTHLY: &str = "monthly";
/// Title and headings.
const HEAD: usize = 2;

/// Sheets with about as many rows, by name.
pub(super) fn of(set: usize, rows: u32) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let row_count = usize::try_from(rows).unwrap_or(usize::MAX);
    let sheets = imports::SHEETS
        .iter()
        .map(|name| Ok((*name, text(name)?)))
        .collect::<Result<Vec<(&str, String)>, CliError>>()?;
    let all: usize = sheets.iter().map(|(_, text)| text.lines().count() - HEAD).sum();
    let copies = ((row_count + all / 2) / all).clamp(1, SET);
    let copied = sheets.into_iter().map(|(name, text)| {
        let lines = text.lines().count() - HEAD;
        let copied_lines = if row_count < all { (lines * row_count / all).max(1) } else { lines };
        let mut copied: String =
            text.lines().take(HEAD).map(|line| format!("{line}\r\n")).collect();
        for copy in 0..if name == MONTHLY { 1 } else { copies } {
            for line in text.lines().skip(HEAD).take(copied_lines) {
                renumbered(line, set * SET + copy, &mut copied);
                copied.push_str("\r\n");
            }
        }
        (format!("{name}-{set}.csv"), copied.into_bytes())
    });
    Ok(copied.collect())
}

/// How many rows sheets have in all.
pub(super) fn rows(sheets: &[(String, Vec<u8>)]) -> usize {
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    sheets.iter().map(|(_, bytes)| lines(bytes).saturating_sub(HEAD)).sum()
}

fn text(name: &str) -> Result<String, CliError> {
    String::from_utf8(imports::sheet(name)?.bytes).map_err(|e| CliError::failed(e.to_string()))
}

/// Numbers of persons, contracts and students are those of the copy; all else stays.
fn renumbered(line: &str, copy: usize, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let is_id = end == 18 || (end == 17 && from.get(17..18) == Some("X"));
        let (number, behind) = from.split_at(if is_id { 18 } else { end });
        match number.len() {
            18 => push_id(number, copy, out),
            // Behind the place and the year, or behind the year and the university.
            17 => push_with(number, 10, copy, out),
            15 => push_with(number, 9, copy, out),
            _ => out.push_str(number),
        }
        rest = behind;
    }
    out.push_str(rest);
}

/// With the copy in the two places from `at` on.
fn push_with(number: &str, at: usize, copy: usize, out: &mut String) {
    out.push_str(number.get(..at).unwrap_or_default());
    out.push_str(&format!("{copy:02}"));
    out.push_str(number.get(at + 2..).unwrap_or_default());
}

/// Another county of the same province, and the check character that belongs to it.
fn push_id(number: &str, copy: usize, out: &mut String) {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut own = String::new();
    push_with(number.get(..17).unwrap_or_default(), 2, copy, &mut own);
    let digits = own.chars().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let check = usize::try_from(sum % 11).unwrap_or_default();
    out.push_str(&own);
    out.extend("10X98765432".chars().nth(check));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id_number::IdNumber;

    #[test]
    fn copies_have_numbers_of_their_own_that_are_valid() {
        let line = "51202220260000012\t,廖中旭,51209920080403125X\t,202612970000000,2026-08-23";
        let mut out = String::new();
        renumbered(line, 7, &mut out);
        let cells: Vec<&str> = out.split(',').map(str::trim).collect();
        assert_eq!((cells[0], cells[1]), ("51202220260700012", "廖中旭"));
        assert!(cells[2].starts_with("5107992008040312"), "{out}");
        let today = "2026-10-31".parse().unwrap();
        assert!(IdNumber::parse(cells[2], today).is_ok(), "{out}");
        assert_eq!(&cells[3..], ["202612970070000", "2026-08-23"]);
        let few = of(0, 100).unwrap();
        assert!((90..120).contains(&rows(&few)), "{}", rows(&few));
    }
}
