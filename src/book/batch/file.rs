//! The file that a receiver gets: the columns of its template. Holds numbers in full; whoever takes
//! it is written down by the caller.

use std::collections::HashMap;

use super::store::{Batch, Line};
use crate::base::ids::PersonId;
use crate::book::policy::BatchTemplate;
use crate::plumbing::sheet::write::Out;

/// Headings with their widths, and the rows.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub columns: Vec<(String, u16)>,
    pub rows: Vec<Vec<Out>>,
}

/// Lines in the clear; `ids` are identity numbers, only of people for whom a column asks.
pub fn file(
    template: &BatchTemplate,
    batch: &Batch,
    lines: &[Line],
    (accounts, ids): (&[String], &HashMap<PersonId, String>),
) -> File {
    let fields: Vec<(&str, &str)> =
        template.columns.iter().filter_map(|one| one.split_once('=')).collect();
    let width = |field: &str| match field {
        "line" => 6,
        "name" | "amount" => 14,
        "memo" => 40,
        _ => 24,
    };
    let cell = |field: &str, line: &Line, account: &String| match field {
        "line" => line.line.into(),
        "name" => (&line.name).into(),
        "number" => (&line.number).into(),
        "amount" => line.amount_fen.into(),
        "account" => account.into(),
        "id" => ids.get(&line.person_id).into(),
        "memo" => memo(template, batch, line).into(),
        _ => Out::Blank,
    };
    let mut columns: Vec<(String, u16)> =
        fields.iter().map(|(field, heading)| ((*heading).to_owned(), width(field))).collect();
    columns.push(("批次".to_owned(), 14));
    let row = |(line, account): (&Line, &String)| {
        let own = fields.iter().map(|(field, _)| cell(field, line, account));
        own.chain([batch.number().into()]).collect()
    };
    File { columns, rows: lines.iter().zip(accounts).map(row).collect() }
}

/// Does a column ask for identity numbers?
pub fn needs_ids(template: &BatchTemplate) -> bool {
    template.columns.iter().any(|column| column.starts_with("id="))
}

/// What stands beside the money on an account.
pub fn memo(template: &BatchTemplate, batch: &Batch, line: &Line) -> String {
    let year = format!("{}-{}", batch.year, batch.year + 1);
    let memo = template.memo.replace("{year}", &year).replace("{name}", &line.name);
    memo.replace("{number}", &line.number)
}

impl File {
    /// Comma-separated, with a mark by which spreadsheet programs know the encoding.
    pub fn to_csv(&self) -> Vec<u8> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let text = |cell: &Out| match cell {
            Out::Text(text) => quoted(text),
            Out::Money(amount) => amount.to_yuan_text(),
            Out::Whole(number) | Out::Share(number) => number.to_string(),
            Out::Day(day) => day.to_string(),
            Out::Blank => String::new(),
        };
        let head = self.columns.iter().map(|(heading, _)| quoted(heading)).collect::<Vec<_>>();
        let rows = self.rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(","));
        let lines: Vec<String> = [head.join(",")].into_iter().chain(rows).collect();
        format!("\u{feff}{}\r\n", lines.join("\r\n")).into_bytes()
    }
}
