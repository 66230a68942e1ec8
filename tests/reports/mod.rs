//! The reports over the whole program: figures, the lists behind them, workbooks, rights.

mod december;
mod forecast;
mod journal;
mod monthly;
mod rate_day;
mod recovery;
mod treasury;

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use crate::support::Answer;

/// All cells of a sheet of a workbook, as text.
pub fn sheet(answer: &Answer, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes.clone())).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let text = |cell: &Data| match cell {
        // A rate is below one and has four decimals, an amount two.
        Data::Float(number) if *number < 1.0 && *number > 0.0 => format!("{number:.4}"),
        Data::Float(number) => format!("{number:.2}"),
        other => other.to_string(),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// The addresses of the links to lists on a page.
pub fn links(answer: &Answer) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in answer.text.split("<a href=\"").skip(1) {
        let (href, rest) = part.split_once('"').unwrap();
        let href = href.replace("&#x2f;", "/").replace("&amp;", "&");
        if href.starts_with("/reports/recovery/rows") {
            let words = rest.split_once('>').unwrap().1.split('<').next().unwrap();
            found.push((href, words.to_owned()));
        }
    }
    found
}
