//! The sample county: exactly the totals it was made with, every figure the bank's, and a second
//! import that changes nothing.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use zhuxue::app::App;
use zhuxue::base::ids::ImportId;
use zhuxue::base::money::Fen;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Batch, Upload};
use zhuxue::imports::store::{self, ImportJob};
use zhuxue::plumbing::db::Db;

use crate::support::county::{County, day, sheets, small_sheets, summary};
use crate::support::database::on_both;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

pub fn number(app: &App, sql: &str) -> i64 {
    app.db
        .read(|db: &mut Db| {
            let rows: Vec<Number> = diesel::sql_query(sql.to_owned()).load(db)?;
            Ok(rows[0].n)
        })
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn take_in(county: &County, uploads: &[Upload]) -> Batch {
    batch::receive_files(
        &county.app,
        &county.scope,
        &county.by,
        uploads,
        Some(day("2026-10-31")),
        Product::Cdb,
    )
    .unwrap()
}

fn job(county: &County, id: ImportId) -> ImportJob {
    county.app.db.read(|db| store::find(db, &county.scope, id)).unwrap()
}

/// Layout and counts of each import: new, same, changed, refused, skipped.
fn counts(county: &County, batch: &Batch) -> Vec<(String, [i32; 5])> {
    batch
        .jobs
        .iter()
        .map(|id| job(county, *id))
        .map(|j| {
            let counts = [j.new_rows, j.same_rows, j.changed_rows, j.refused_rows, j.skipped_rows];
            (j.layout, counts)
        })
        .collect()
}

fn print_refused(county: &County, batch: &Batch) {
    for id in &batch.jobs {
        let rows = county.app.db.read(|db| store::rows(db, *id, Some("refused"), 0, 5)).unwrap();
        for row in rows {
            eprintln!("{} {}: {}", job(county, *id).layout, row.line, row.notes);
        }
    }
}

#[test]
fn the_sample_county_has_exactly_the_totals_it_was_made_with() {
    on_both(|kind| {
        let county = County::new(kind);
        let batch = take_in(&county, &sheets("county"));
        assert!(batch.refused.is_empty(), "{:?}", batch.refused);
        batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
        let differ = batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
        print_refused(&county, &batch);
        let made = summary("data/sample/county");
        for (layout, [new, same, changed, refused, skipped]) in counts(&county, &batch) {
            let rows = i32::try_from(made["rows_clean"][&layout].as_i64().unwrap()).unwrap();
            assert_eq!(
                [new + changed, same, refused, skipped],
                [rows, 0, 0, 0],
                "{layout}: new {new} same {same} changed {changed} refused {refused}"
            );
        }
        compare_totals(&county.app, &made);
        let shown = number(&county.app, "SELECT count(*) AS n FROM bank_difference");
        assert_eq!((differ, shown), (0, 0), "the bank's figures and ours differ");
        import_again(&county);
    });
}

pub fn compare_totals(app: &App, made: &serde_json::Value) {
    let yuan = |name: &str| -> i64 {
        let text = made["yuan"][name].as_str().unwrap();
        text.parse::<Fen>().unwrap().get()
    };
    let count = |name: &str| made["counts"][name].as_i64().unwrap();
    for (what, sql, expected) in [
        ("borrowers", "SELECT count(*) AS n FROM loan_file", count("borrowers")),
        ("contracts", "SELECT count(*) AS n FROM loan", count("contracts")),
        (
            "contracted",
            "SELECT CAST(SUM(principal_fen) AS BIGINT) AS n FROM loan",
            yuan("contracted"),
        ),
        (
            "disbursed",
            "SELECT CAST(SUM(disbursed_fen) AS BIGINT) AS n FROM loan_position",
            yuan("disbursed"),
        ),
        (
            "balance",
            "SELECT CAST(SUM(outstanding_fen) AS BIGINT) AS n FROM loan_position",
            yuan("balance"),
        ),
        (
            "balance of files",
            "SELECT CAST(SUM(outstanding_fen) AS BIGINT) AS n FROM file_position",
            yuan("balance"),
        ),
        (
            "overdue principal",
            "SELECT CAST(SUM(overdue_principal_fen) AS BIGINT) AS n FROM loan_position",
            yuan("overdue_principal"),
        ),
        (
            "overdue interest",
            "SELECT CAST(SUM(overdue_interest_fen) AS BIGINT) AS n FROM loan_position",
            yuan("overdue_interest"),
        ),
        (
            "overdue penalty",
            "SELECT CAST(SUM(penalty_fen) AS BIGINT) AS n FROM loan_position",
            yuan("overdue_penalty"),
        ),
        (
            "overdue contracts",
            "SELECT count(*) AS n FROM loan_position WHERE oldest_unpaid_due_on IS NOT NULL",
            count("overdue_contracts"),
        ),
        (
            "overdue borrowers",
            "SELECT count(*) AS n FROM file_position WHERE oldest_unpaid_due_on IS NOT NULL",
            count("overdue_borrowers"),
        ),
        (
            "settled contracts",
            "SELECT count(*) AS n FROM loan_position WHERE stage = 'settled'",
            count("settled_contracts"),
        ),
        ("graduated", "SELECT count(*) AS n FROM graduation", count("graduated")),
        ("enlisted", "SELECT count(*) AS n FROM enlistment", count("enlisted")),
        (
            "receipts matched",
            "SELECT count(*) AS n FROM university_receipt \
             WHERE loan_id IS NOT NULL AND mismatch = ''",
            count("contracts"),
        ),
    ] {
        assert_eq!(number(app, sql), expected, "{what}");
    }
    for (year, made) in made["contracts_by_year"].as_object().unwrap() {
        let sql = format!(
            "SELECT CAST(SUM(principal_fen) AS BIGINT) AS n FROM loan WHERE loan_year = {year}"
        );
        let yuan: Fen = made["yuan"].as_str().unwrap().parse().unwrap();
        assert_eq!(number(app, &sql), yuan.get(), "contracted in {year}");
    }
}

/// The same ten files again: every row is the same, nothing is written but the check itself.
fn import_again(county: &County) {
    let before = fingerprint(&county.app);
    let batch = take_in(county, &sheets("county"));
    batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
    batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
    for (layout, [new, same, changed, refused, _]) in counts(county, &batch) {
        assert_eq!([new, changed, refused], [0, 0, 0], "{layout}: same {same}");
    }
    assert_eq!(fingerprint(&county.app), before);
}

/// Rows, versions and sums of everything an import may write.
fn fingerprint(app: &App) -> Vec<i64> {
    [
        "SELECT CAST(SUM(version) AS BIGINT) AS n FROM person",
        "SELECT CAST(SUM(version) AS BIGINT) AS n FROM loan_file",
        "SELECT CAST(SUM(version) AS BIGINT) AS n FROM loan",
        "SELECT count(*) AS n FROM person_phone",
        "SELECT count(*) AS n FROM loan_event",
        "SELECT CAST(SUM(import_id % 1000003) AS BIGINT) AS n FROM bank_figure",
        "SELECT CAST(SUM(import_id % 1000003) AS BIGINT) AS n FROM recognition",
        "SELECT CAST(SUM(import_id % 1000003) AS BIGINT) AS n FROM university_receipt",
        "SELECT CAST(SUM(outstanding_fen) AS BIGINT) AS n FROM loan_position",
    ]
    .into_iter()
    .map(|sql| number(app, sql))
    .collect()
}

#[test]
fn the_plain_style_of_a_small_county_goes_in_as_well() {
    on_both(|kind| {
        let county = County::new(kind);
        let batch = take_in(&county, &small_sheets("clean_plain"));
        batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
        let differ = batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
        print_refused(&county, &batch);
        compare_totals(&county.app, &summary("tests/sample/clean_plain"));
        assert_eq!(differ, 0);
    });
}
