//! A set with every kind of fault: the good rows go in, every faulty line says so, and nothing
//! else is refused but what hangs on a refused line.

use std::collections::{BTreeMap, BTreeSet};

use zhuxue::book::statement::Product;
use zhuxue::imports::batch;
use zhuxue::imports::store::{self, ImportRow};
use zhuxue::plumbing::sheet::{self, SheetLimits};

use super::county::number;
use crate::support::county::{County, day, path, small_sheets};
use crate::support::database::Kind;

/// Lines of the sheets by file and line: their cells.
fn cells() -> BTreeMap<(String, i32), Vec<String>> {
    let mut found = BTreeMap::new();
    for upload in small_sheets("dirty_excel") {
        for table in sheet::read(&upload.bytes, &SheetLimits::default()).unwrap() {
            for row in table.rows.iter() {
                let texts = row.cells.iter().map(|cell| cell.text.to_string()).collect();
                let line = i32::try_from(row.line).unwrap();
                found.insert((upload.name.clone(), line), texts);
            }
        }
    }
    found
}

/// File, line, fault and the clean value of each fault that was put in.
fn manifest() -> Vec<(String, i32, String, String)> {
    let file = path("tests/sample/dirty_excel/dirty_manifest.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let at = |n: usize| record[n].to_owned();
            (at(0), record[1].parse().unwrap(), at(3), at(4))
        })
        .collect()
}

#[test]
fn the_dirty_set_goes_in_but_for_what_is_wrong() {
    let county = County::new(Kind::Sqlite);
    let on = Some(day("2026-10-31"));
    let uploads = small_sheets("dirty_excel");
    let batch =
        batch::receive_files(&county.app, &county.scope, &county.by, &uploads, on, Product::Cdb)
            .unwrap();
    assert!(batch.refused.is_empty(), "{:?}", batch.refused);
    batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
    batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
    let mut rows: BTreeMap<(String, i32), ImportRow> = BTreeMap::new();
    for id in &batch.jobs {
        let (job, all) = county
            .app
            .db
            .read(|db| {
                let job = store::find(db, &county.scope, *id)?;
                Ok((job, store::rows(db, *id, None, 0, i64::MAX)?))
            })
            .unwrap();
        assert_eq!(job.state, "posted");
        rows.extend(all.into_iter().map(|row| ((job.file_name.clone(), row.line), row)));
    }
    let (cells, faults) = (cells(), manifest());
    let mut silent = Vec::new();
    // Numbers of the people and contracts whose lines were faulty.
    let mut touched: BTreeSet<String> = BTreeSet::new();
    for (file, line, fault, clean) in &faults {
        let key = (file.clone(), *line);
        match rows.get(&key) {
            Some(row) if !row.notes.trim().is_empty() => {}
            other => silent.push(format!("{file} {line} {fault}: {other:?}")),
        }
        let of_line = cells.get(&key).into_iter().flatten().cloned();
        touched.extend(of_line.chain([clean.clone()]).filter(|text| text.len() >= 15));
    }
    assert!(silent.is_empty(), "faulty lines that say nothing:\n{}", silent.join("\n"));
    let faulty: BTreeSet<(String, i32)> =
        faults.iter().map(|(file, line, ..)| (file.clone(), *line)).collect();
    let mut wrong = Vec::new();
    for (key, row) in rows.iter().filter(|(_, row)| row.outcome == "refused") {
        let hangs_on = cells[key].iter().any(|text| touched.contains(text));
        if !faulty.contains(key) && !hangs_on {
            wrong.push(format!("{} {}: {}", key.0, key.1, row.notes));
        }
    }
    assert!(wrong.is_empty(), "refused without need:\n{}", wrong.join("\n"));
    let good = rows.values().filter(|row| matches!(row.outcome.as_str(), "new" | "changed"));
    assert!(good.clone().all(|row| row.posted));
    assert!(good.count() * 10 > rows.len() * 9, "{} lines", rows.len());
    let people = number(&county.app, "SELECT count(*) AS n FROM loan_file");
    assert!(people >= 50, "{people}");
}
