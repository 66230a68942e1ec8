//! Workbooks as they come out of a printer.

use std::io::{Cursor, Read as _};

use rust_decimal::Decimal;
use zhuxue::book::staff::Role;

use crate::borrower::town::each;

/// What letters of 11 pt may shrink to, in hundredths: 8 pt.
const SMALLEST: u32 = 73;

/// What is between the first `from` and the next `to` after it.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(found, _)| found)
}

/// Pixels of each column of a sheet.
fn widths(sheet: &str) -> Vec<u32> {
    let columns = between(sheet, "<cols>", "</cols>").unwrap();
    let number = |text: &str, name: &str| -> Decimal {
        between(text, &format!("{name}=\""), "\"").unwrap().parse().unwrap()
    };
    let of = |one: &str| {
        let many = number(one, "max") - number(one, "min") + Decimal::ONE;
        let pixels = (number(one, "width") * Decimal::from(7)).trunc();
        vec![u32::try_from(pixels).unwrap(); usize::try_from(many).unwrap()]
    };
    columns.split("<col ").skip(1).flat_map(of).collect()
}

/// The number of a column from its letters.
fn column(letters: &str) -> usize {
    letters.bytes().fold(0, |sum, letter| sum * 26 + usize::from(letter - b'A') + 1)
}

#[test]
fn what_is_printed_can_be_read() {
    each(async |t| {
        t.set_day("2026-12-21");
        let mut director = t.sign_in(Role::Director);
        for path in [
            "/loans.xlsx",
            "/overdue.xlsx",
            "/family-contacts.xlsx",
            "/family-contacts/coverage.xlsx",
            "/receipts.xlsx",
            "/receipts/report.xlsx",
            "/differences.xlsx",
            "/reports/recovery.xlsx",
            "/reports/december.xlsx",
            "/reports/monthly.xlsx",
        ] {
            let answer = director.get(path).await;
            let mut zip = zip::ZipArchive::new(Cursor::new(&answer.is(200).bytes)).unwrap();
            let mut part = |name: &str| {
                let mut text = String::new();
                zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
                text
            };
            let (book, sheet) = (part("xl/workbook.xml"), part("xl/worksheets/sheet1.xml"));
            let area = between(&book, "Print_Area\" localSheetId=\"0\">", "<");
            let last = area.and_then(|area| area.rsplit_once(":$")?.1.split_once('$'));
            let all = widths(&sheet);
            let printed = last.map_or(all.len(), |(letters, _)| column(letters));
            let wide: u32 =
                between(&sheet, "fitToWidth=\"", "\"").map_or(1, |wide| wide.parse().unwrap());
            let again = all[0] * (wide - 1);
            let pixels = (all[..printed].iter().sum::<u32>() + again) / wide;
            let paper = if sheet.contains("landscape") { 1_046 } else { 718 };
            let scale = paper * 100 / pixels;
            assert!(scale >= SMALLEST, "{path}: printed at {scale} %, {pixels} pixels wide");
        }
    });
}
