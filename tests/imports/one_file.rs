//! A file with several sheets: kept once, taken in whole or not at all.

use diesel::prelude::*;
use rust_xlsxwriter::Workbook;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Batch, Upload};
use zhuxue::imports::{run, store};
use zhuxue::plumbing::sheet::{self, SheetLimits};

use super::county::number;
use crate::support::county::{County, day, small_sheets};
use crate::support::database::{Kind, on_both};

const FILES: &str = "SELECT count(*) AS n FROM import_file";
const IMPORTS: &str = "SELECT count(*) AS n FROM import_job";

/// A workbook with a sheet of borrowers and one of contracts.
fn workbook() -> Upload {
    let mut book = Workbook::new();
    for upload in small_sheets("clean_plain") {
        if !["borrowers", "contracts"].iter().any(|name| upload.name.contains(name)) {
            continue;
        }
        let table = sheet::read(&upload.bytes, &SheetLimits::default()).unwrap().remove(0);
        let page = book.add_worksheet();
        for row in table.rows.iter() {
            for (column, cell) in (0..).zip(&row.cells) {
                page.write_string(row.line - 1, column, &*cell.text).unwrap();
            }
        }
    }
    Upload { name: "两张表.xlsx".to_owned(), bytes: book.save_to_buffer().unwrap() }
}

fn received(county: &County) -> zhuxue::error::AppResult<Batch> {
    let (app, scope, by) = (&county.app, &county.scope, &county.by);
    let as_of = Some(day("2026-10-31"));
    batch::receive_files(app, scope, by, &[workbook()], as_of, Product::Cdb)
}

#[test]
fn a_file_with_two_sheets_is_kept_once() {
    on_both(|kind| {
        let county = County::new(kind);
        let (app, scope) = (&county.app, &county.scope);
        let batch = received(&county).unwrap();
        assert_eq!(batch.jobs.len(), 2, "{:?}", batch.refused);
        assert_eq!((number(app, IMPORTS), number(app, FILES)), (2, 1));
        // It stays as long as one of its sheets does, whichever it is.
        app.db.write("test", |db| store::drop_job(db, scope, batch.jobs[0])).unwrap();
        assert_eq!(number(app, FILES), 1);
        run::check(app, batch.jobs[1], scope, &batch.companions).unwrap();
        let job = app.db.read(|db| store::find(db, scope, batch.jobs[1])).unwrap();
        assert_eq!((job.state.as_str(), job.problem.as_str()), ("checked", ""));
        app.db.write("test", |db| store::drop_job(db, scope, batch.jobs[1])).unwrap();
        assert_eq!(number(app, FILES), 0);
    });
}

#[test]
fn an_upload_is_taken_in_whole_or_not_at_all() {
    let county = County::new(Kind::Sqlite);
    let fault = "CREATE TRIGGER fault BEFORE INSERT ON import_job \
                 WHEN EXISTS (SELECT 1 FROM import_job) BEGIN SELECT RAISE(ABORT, 'fault'); END";
    county.app.db.write("test", |db| Ok(diesel::sql_query(fault).execute(db)?)).unwrap();
    assert!(received(&county).is_err());
    assert_eq!((number(&county.app, IMPORTS), number(&county.app, FILES)), (0, 0));
}
