//! A refused row leaves the database as it was, byte for byte, whatever was decided about it
//! before it was refused.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::store::{self, ImportRow};

use crate::support::county::{County, SHEETS, day, small_sheets};
use crate::support::database::Kind;
use crate::support::everything::{difference, everything_but_imports};

/// Posts one file and tells what became of its rows, and what was written.
fn post(county: &County, name: &str, text: &str) -> (Vec<ImportRow>, String) {
    let upload = Upload { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
    let on = Some(day("2026-10-31"));
    let (app, scope) = (&county.app, &county.scope);
    let batch = batch::receive_files(app, scope, &county.by, &[upload], on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    let before = everything_but_imports(app);
    batch::post(app, scope, &batch, |_| {}).unwrap();
    let after = everything_but_imports(app);
    let mut rows = Vec::new();
    for id in &batch.jobs {
        rows.extend(app.db.read(|db| store::rows(db, *id, None, 0, i64::MAX)).unwrap());
    }
    (rows, difference(&before, &after))
}

fn with_sheets(names: &[&str]) -> County {
    let county = County::new(Kind::Sqlite);
    let uploads: Vec<Upload> = small_sheets("clean_plain")
        .into_iter()
        .filter(|upload| names.contains(&upload.name.trim_end_matches(".csv")))
        .collect();
    let on = Some(day("2026-10-31"));
    let batch =
        batch::receive_files(&county.app, &county.scope, &county.by, &uploads, on, Product::Cdb)
            .unwrap();
    batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
    batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
    county
}

/// Heading and lines of one of the small sheets.
fn lines_of(name: &str) -> Vec<Vec<String>> {
    let all = small_sheets("clean_plain");
    let upload = all.iter().find(|upload| upload.name == format!("{name}.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&upload.bytes[..]);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn csv_of(lines: &[&[String]]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(*line).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// What can stand in a cell that should not.
const ODD: [&str; 9] =
    ["", "abc", "2012-05-25", "2030-12-20", "999999.00", "0.00", "-727.27", "赵钱孙", "1"];

#[test]
fn a_refused_row_of_any_sheet_writes_nothing() {
    // Nobody known yet; people known; everything known.
    let counties = [&[][..], &["borrowers"][..], &SHEETS[..]].map(with_sheets);
    let sheets = SHEETS.map(lines_of);
    let fault = (0..64_usize, 0..ODD.len() + 1, 0..1_000_usize);
    let case = (0..3_usize, 0..SHEETS.len(), 0..1_000_usize, prop::collection::vec(fault, 1..4));
    let (mut runner, refused) = (TestRunner::new(Config::with_cases(160)), Cell::new(0));
    let done = runner.run(&case, |(county, sheet, at, faults)| {
        let (county, lines) = (&counties[county], &sheets[sheet]);
        if lines.len() < 2 {
            return Ok(());
        }
        let mut row = lines[1 + at % (lines.len() - 1)].clone();
        for (column, kind, other) in faults {
            let column = column % row.len();
            // Either something odd, or what another line has there.
            let other = &lines[1 + other % (lines.len() - 1)][column];
            row[column] = ODD.get(kind).map_or_else(|| other.clone(), |text| (*text).to_owned());
        }
        let text = csv_of(&[&lines[0], &row]);
        let (rows, written) = post(county, &format!("{}.csv", SHEETS[sheet]), &text);
        if rows.iter().any(|row| row.outcome == "refused") {
            refused.set(refused.get() + 1);
            prop_assert_eq!(written, "", "{}{:?}", text, rows);
        }
        Ok(())
    });
    assert_eq!(done, Ok(()));
    assert!(refused.get() > 40, "only {} rows were refused", refused.get());
}

#[test]
fn a_contract_refused_for_its_pay_out_day_keeps_its_due_day() {
    let county = with_sheets(&["borrowers", "contracts"]);
    let lines = lines_of("contracts");
    let column = |heading: &str| lines[0].iter().position(|cell| cell == heading).unwrap();
    let paid_out = column("发放日期");
    let mut row = lines[1..].iter().find(|row| !row[paid_out].is_empty()).unwrap().clone();
    row[paid_out] = format!("{}-28", &row[paid_out][..7]);
    let due = &mut row[column("到期日期")];
    *due = format!("{}-09-20", due[..4].parse::<i32>().unwrap() + 1);
    let (rows, written) = post(&county, "contracts.csv", &csv_of(&[&lines[0], &row]));
    assert_eq!(rows[0].outcome, "refused", "{rows:?}");
    assert_eq!(written, "");
}

#[test]
fn a_new_contract_without_its_signing_day_leaves_nobody_behind() {
    let county = with_sheets(&[]);
    let lines = lines_of("contracts");
    let column = lines[0].iter().position(|cell| cell == "合同签订日期").unwrap();
    let mut row = lines[1].clone();
    row[column].clear();
    let (rows, written) = post(&county, "contracts.csv", &csv_of(&[&lines[0], &row]));
    assert_eq!(rows[0].outcome, "refused", "{rows:?}");
    assert_eq!(written, "");
    // A good line after a refused one of the same student starts from nothing too.
    let (rows, _) = post(&county, "contracts.csv", &csv_of(&[&lines[0], &row, &lines[1]]));
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert!(outcomes.contains(&"refused"), "{rows:?}");
}

#[test]
fn a_borrower_whose_co_borrower_has_another_name_is_not_made() {
    let county = with_sheets(&["borrowers"]);
    let lines = lines_of("borrowers");
    let column = |heading: &str| lines[0].iter().position(|cell| cell == heading).unwrap();
    let empty = with_sheets(&[]);
    let mut row = lines[1].clone();
    row[column("共同借款人身份证号")] = lines[2][column("共同借款人身份证号")].clone();
    row[column("共同借款人姓名")] = "欧阳不同".to_owned();
    let (rows, written) = post(&county, "borrowers.csv", &csv_of(&[&lines[0], &row]));
    assert_eq!((rows[0].outcome.as_str(), written.as_str()), ("refused", ""), "{rows:?}");
    // Also when the student is new and only the co-borrower is known.
    let (_, _) = post(&empty, "borrowers.csv", &csv_of(&[&lines[0], &lines[2]]));
    let (rows, written) = post(&empty, "borrowers.csv", &csv_of(&[&lines[0], &row]));
    assert_eq!((rows[0].outcome.as_str(), written.as_str()), ("refused", ""), "{rows:?}");
}
