//! The program ends in the middle of an import; the next start goes on, and everything is as if
//! nothing had happened.

use std::time::Duration;

use diesel::prelude::*;
use zhuxue::app::App;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Batch, Upload};
use zhuxue::imports::plan::BatchContext;
use zhuxue::imports::runner::Runner;
use zhuxue::imports::{queue, run, store};

use super::county::number;
use crate::support::county::{County, day, sheet};
use crate::support::database::on_both;

/// More than one write's worth of people, and of contracts.
fn uploads() -> Vec<Upload> {
    let cut = |name: &str, lines: usize| {
        let whole = sheet("county", name);
        let ends = whole.bytes.iter().enumerate().filter(|(_, b)| **b == b'\n');
        let end = ends.map(|(at, _)| at).nth(lines).unwrap();
        Upload { name: whole.name, bytes: whole.bytes[..=end].to_vec() }
    };
    vec![cut("contracts", 900), cut("borrowers", 900)]
}

fn checked(county: &County) -> Batch {
    let on = Some(day("2026-10-31"));
    let batch =
        batch::receive_files(&county.app, &county.scope, &county.by, &uploads(), on, Product::Cdb)
            .unwrap();
    batch::check(&county.app, &county.scope, &batch, |_| {}).unwrap();
    batch
}

fn totals(app: &App) -> Vec<i64> {
    [
        "SELECT count(*) AS n FROM person",
        "SELECT count(*) AS n FROM loan_file",
        "SELECT count(*) AS n FROM loan",
        "SELECT count(*) AS n FROM loan_event",
        "SELECT count(*) AS n FROM bank_figure",
        "SELECT count(*) AS n FROM bank_difference",
        "SELECT count(*) AS n FROM import_row WHERE posted",
        "SELECT CAST(SUM(outstanding_fen) AS BIGINT) AS n FROM loan_position",
        "SELECT CAST(SUM(new_rows + 7 * changed_rows + 49 * differences) AS BIGINT) AS n \
         FROM import_job",
        "SELECT count(*) AS n FROM loan_file WHERE file_no LIKE '%-0001'",
    ]
    .into_iter()
    .map(|sql| number(app, sql))
    .collect()
}

/// A program that starts anew on the same database.
fn started_again(app: &App) -> App {
    let mut again = app.clone();
    again.shared = std::sync::Arc::default();
    again
}

fn wait(app: &App) {
    for _ in 0..12_000 {
        if Runner::of(app).is_idle() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("imports still run");
}

#[test]
fn an_import_killed_in_the_middle_is_taken_up_and_comes_to_the_same() {
    on_both(|kind| {
        let whole = County::new(kind);
        let batch = checked(&whole);
        batch::post(&whole.app, &whole.scope, &batch, |_| {}).unwrap();

        let broken = County::new(kind);
        let batch = checked(&broken);
        for id in &batch.jobs {
            // One write's worth, then the program is told to stop ...
            let app = started_again(&broken.app);
            Runner::of(&app).stop(Duration::ZERO);
            let companions = BatchContext {
                first_years: batch.companions.first_years.clone(),
                ..BatchContext::default()
            };
            run::post(&app, *id, &broken.scope, &companions).unwrap();
            let job = app.db.read(|db| store::find(db, &broken.scope, *id)).unwrap();
            assert_eq!((job.state.as_str(), job.leased_until), ("posting", None));
            assert!(job.rows_done > 0 && job.rows_done < job.rows_total, "{job:?}");
            // ... or it died, and its lease ran out.
            let past = "UPDATE import_job SET leased_until = '2020-01-01 00:00:00' \
                        WHERE state = 'posting'";
            app.db
                .write("test", |db| Ok(diesel::sql_query(past).execute(db).map(|_| ())?))
                .unwrap();
            let next = started_again(&broken.app);
            queue::resume_abandoned(&next).unwrap();
            wait(&next);
            let job = next.db.read(|db| store::find(db, &broken.scope, *id)).unwrap();
            assert_eq!(job.state, "posted");
        }
        assert_eq!(totals(&broken.app), totals(&whole.app));
    });
}

#[test]
fn what_somebody_else_holds_is_left_alone() {
    on_both(|kind| {
        let county = County::new(kind);
        let batch = checked(&county);
        let held = "UPDATE import_job SET state = 'posting', leased_until = '2099-01-01 00:00:00'";
        county
            .app
            .db
            .write("test", |db| Ok(diesel::sql_query(held).execute(db).map(|_| ())?))
            .unwrap();
        queue::resume_abandoned(&county.app).unwrap();
        queue::wake(&county.app, "512022");
        wait(&county.app);
        for id in &batch.jobs {
            let job = county.app.db.read(|db| store::find(db, &county.scope, *id)).unwrap();
            assert_eq!((job.state.as_str(), job.rows_done), ("posting", job.rows_total));
        }
        assert_eq!(number(&county.app, "SELECT count(*) AS n FROM person"), 0);
    });
}
