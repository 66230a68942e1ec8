//! The clock side: when jobs run, that each runs once whatever happens, and what they do.

mod command;
mod configuration;
mod each_job;
mod instances;
mod pages;
mod restore;
mod times;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::RunQueryDsl;
use zhuxue::app::App;
use zhuxue::base::dates::starts_at;
use zhuxue::clock::{Counts, Job, Missed, Run, Timetable, run_due, runs_of};
use zhuxue::error::{AppError, AppResult};
use zhuxue::plumbing::meta;

use crate::support::TestApp;
use crate::support::county::day;

/// A job that makes up for every day.
const EACH: Job =
    Job { name: "each", words: "逐日", cron: "0 0 9 * * *", missed: Missed::EachDay, run: each };
/// A job that makes up for the last day only.
const LATEST: Job = Job {
    name: "latest",
    words: "最近",
    cron: "0 30 0 * * *",
    missed: Missed::Latest,
    run: latest,
};
/// A job that runs every ten minutes.
const OFTEN: Job =
    Job {
        name: "often", words: "经常", cron: "0 */10 * * * *", missed: Missed::Often, run: often
    };

fn each(app: &App, day: NaiveDate) -> AppResult<Counts> {
    ran(app, "each", day)
}

fn latest(app: &App, day: NaiveDate) -> AppResult<Counts> {
    ran(app, "latest", day)
}

fn often(app: &App, day: NaiveDate) -> AppResult<Counts> {
    ran(app, "often", day)
}

/// Counts the run in the database, so that every instance's runs are seen; fails or panics when
/// the test has asked for it.
fn ran(app: &App, name: &str, day: NaiveDate) -> AppResult<Counts> {
    let key = format!("ran:{name}:{day}");
    let order = app.db.write("test ran", |db| {
        let count = meta::get(db, &key)?.map_or(0, |text| text.parse::<i64>().unwrap());
        meta::set(db, &key, &(count + 1).to_string())?;
        meta::get(db, &format!("order:{name}"))
    })?;
    match order.as_deref() {
        Some("fail") => Err(AppError::broken("the gateway is away")),
        Some("panic") => panic!("as the test asked"),
        _ => Ok(Counts { done: 1, note: "好".to_owned(), ..Counts::default() }),
    }
}

/// Tells the jobs of this name how to end.
fn order(app: &App, name: &str, how: &str) {
    app.db.write("test order", |db| meta::set(db, &format!("order:{name}"), how)).unwrap();
}

/// Gives the program these jobs instead of its own.
fn with_jobs(t: TestApp, jobs: &[Job]) -> TestApp {
    t.app.shared.set(Timetable::new(jobs, &Default::default()).unwrap());
    t
}

/// An instant in Asia/Shanghai: `2026-12-20 09:00`.
fn at(text: &str) -> NaiveDateTime {
    let (on, time) = text.split_once(' ').unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    starts_at(day(on))
        + chrono::Duration::hours(hour.parse().unwrap())
        + chrono::Duration::minutes(minute.parse().unwrap())
}

/// Sets the clock and runs what is due: `each 2026-12-20` for each run, in order.
fn runs_at(app: &App, text: &str) -> Vec<String> {
    app.clock.set_at(at(text));
    let all = run_due(app, app.clock.now_at()).unwrap();
    all.iter().map(|ran| format!("{} {}", ran.job, ran.day)).collect()
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::Text)]
    what: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    times: String,
}

/// What ran how often: (`each:2026-12-20`, `1`).
fn counted(app: &App) -> Vec<(String, String)> {
    let sql = "SELECT SUBSTR(key, 5) AS what, value AS times FROM meta \
               WHERE key LIKE 'ran:%' ORDER BY key";
    let rows: Vec<Counted> = app.db.read(|db| Ok(diesel::sql_query(sql).load(db)?)).unwrap();
    rows.into_iter().map(|row| (row.what, row.times)).collect()
}

fn runs(app: &App, job: &str) -> Vec<Run> {
    app.db.read(|db| runs_of(db, job, 500)).unwrap()
}

/// The one run of a job.
fn run_of(app: &App, job: &str) -> Run {
    let mut all = runs(app, job);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}
