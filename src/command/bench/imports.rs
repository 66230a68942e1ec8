//! The sample county: ten sheets read, checked, posted and held against the bank's figures,
//! beside bare inserts of as many rows as the import leaves behind.

use std::io::Read as _;
use std::time::Instant;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::place::{Kind, Place};
use super::table::{Figure, Line, Table, thousands};
use super::{first_day, raw};
use crate::book::policy::sample_file;
use crate::book::statement::Product;
use crate::command::CliError;
use crate::imports::batch::{self, Upload};

/// The ten sheets, in an order that is not the order of posting.
pub(super) const SHEETS: [&str; 10] = [
    "receipts",
    "monthly",
    "repayments",
    "overdue",
    "contracts",
    "graduation",
    "hardship",
    "borrowers",
    "enlistment",
    "preapply",
];

/// What an import fills.
const TABLES: [&str; 14] = [
    "person",
    "person_phone",
    "loan_file",
    "loan",
    "loan_event",
    "loan_position",
    "file_position",
    "bank_figure",
    "university_receipt",
    "graduation",
    "recognition",
    "preapplication",
    "import_row",
    "history",
];

/// Measures on one database.
pub(super) fn measure(kind: &Kind, table: &mut Table<'_>) -> Result<(), CliError> {
    let uploads =
        SHEETS.iter().map(|name| sheet(name)).collect::<Result<Vec<Upload>, CliError>>()?;
    let place = Place::made(kind, first_day()?)?;
    let (app, scope) = (&place.app, &place.scope);
    let started = Instant::now();
    let as_of = Some(first_day()?);
    let taken = batch::receive_files(app, scope, &place.by, &uploads, as_of, Product::Cdb)?;
    batch::check(app, scope, &taken, |_| {})?;
    batch::post(app, scope, &taken, |_| {})?;
    let took = started.elapsed();
    let rows = rows(&place)?;
    let goal = if app.db.is_postgres() { 4_000 } else { 1_500 };
    table.line(Line {
        what: format!("sample county, check and post, {} rows, {}", thousands(rows), kind.name()),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(std::time::Duration::from_millis(goal))),
        raw: Some(Figure::Took(raw::inserts(&place, rows)?)),
    })
}

pub(super) fn sheet(name: &str) -> Result<Upload, CliError> {
    let packed = sample_file(&format!("county/{name}.csv.gz")).ok_or_else(|| {
        CliError::failed(format!("sample/county/{name}.csv.gz: not in the program"))
    })?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes)?;
    Ok(Upload { name: format!("{name}.csv"), bytes })
}

/// How many rows there are in all that an import fills.
fn rows(place: &Place) -> Result<u64, CliError> {
    let counts = TABLES.map(|table| format!("(SELECT COUNT(*) FROM {table})")).join(" + ");
    let count: i64 = place.app.db.read(|db| {
        Ok(diesel::select(sql::<BigInt>(&format!("CAST({counts} AS BIGINT)"))).get_result(db)?)
    })?;
    Ok(u64::try_from(count).unwrap_or_default())
}
