//! A disk that is full in the middle of an import, at ten different sizes: no line is refused, and
//! after room is made everything goes in.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use zhuxue::app::App;
use zhuxue::imports::queue;
use zhuxue::imports::runner::Runner;
use zhuxue::plumbing::db::Db;

use super::chance::{Chance, all_is_in, is_done, jobs, shared, to_the_end, upload_all};
use super::county::number;
use super::instance::Instance;
use crate::support::database::Kind;
use crate::support::{OFFICE, TestApp};

const SIZES: u64 = 10;

fn run(test: impl AsyncFn(u64)) {
    for at in 1..=SIZES {
        eprintln!("size {at}");
        actix_web::rt::System::new().block_on(test(at));
    }
}

/// Until no import runs in this process.
fn idle(app: &App) {
    for _ in 0..6_000 {
        if Runner::of(app).is_idle() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("imports still run");
}

/// How many pages the file may have, as the one connection that writes sees it.
fn limit(t: &TestApp, pages: i64) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    t.app
        .db
        .write("test", |db| match db {
            Db::Sqlite(c) => Ok(c.batch_execute(&sql)?),
            Db::Postgres(_) => Ok(()),
        })
        .unwrap();
}

fn nothing_is_refused(t: &TestApp) {
    let sql = "SELECT count(*) AS n FROM import_row WHERE outcome = 'refused'";
    assert_eq!(number(&t.app, sql), 0);
}

/// The program is another process, which the system lets write no more ("disk I/O error").
#[test]
fn a_disk_that_takes_no_more_refuses_no_line() {
    run(async |at| {
        let t = shared(Kind::Sqlite);
        let mut clerk = upload_all(&t, &mut Chance::new()).await;
        // All checked, so that it is posting that meets the end of the disk.
        let mut first = Instance::start(&t);
        while jobs(&t).iter().any(|job| job.state != "checked") {
            first.looks();
        }
        drop(first);
        clerk.post("/imports/post", &[]).await.is(303);
        let file = t.app.db.sqlite_file().unwrap().to_owned();
        let kb = std::fs::metadata(&file).unwrap().len() / 1024;
        let mut small = Instance::start_within(&t, kb + at * 150);
        small.looks();
        small.looks();
        drop(small);
        assert!(jobs(&t).iter().any(|job| !is_done(job)), "the disk was not full");
        nothing_is_refused(&t);
        to_the_end(&t, &mut clerk).await;
        all_is_in(&t);
    });
}

/// The file may have no more pages ("database or disk is full"), in this process.
#[test]
fn a_file_that_may_not_grow_refuses_no_line() {
    run(async |at| {
        let t = shared(Kind::Sqlite);
        let mut here = t.app.clone();
        here.shared = std::sync::Arc::default();
        let mut clerk = upload_all(&t, &mut Chance::new()).await;
        queue::wake(&here, OFFICE);
        idle(&here);
        clerk.post("/imports/post", &[]).await.is(303);
        let pages = number(&t.app, "SELECT page_count AS n FROM pragma_page_count()");
        limit(&t, pages + i64::try_from(at).unwrap() * 12);
        queue::wake(&here, OFFICE);
        idle(&here);
        assert!(jobs(&t).iter().any(|job| !is_done(job)), "the file could grow");
        nothing_is_refused(&t);
        limit(&t, 1_000_000);
        to_the_end(&t, &mut clerk).await;
        all_is_in(&t);
    });
}
