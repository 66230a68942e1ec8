//! Removes what nobody can use any more: sessions that ended a month ago, one-time codes of
//! yesterday, counts of wrong passwords, forms that were taken, and runs of jobs from years ago.
//!
//! When: every night. Why: they hold addresses and browsers of people, and nothing needs them.
//! Missed: the last night only; the next run removes everything at once.

use chrono::{Days, Duration, NaiveDate};

use super::count;
use crate::app::App;
use crate::book::act;
use crate::borrower;
use crate::clock::{self, Counts, Job, Missed};
use crate::error::AppResult;
use crate::web::session::{self, guard};

pub const JOB: Job = Job {
    name: "retire_sessions_and_codes",
    words: "清理过期的登录和验证码",
    cron: "0 15 3 * * *",
    missed: Missed::Latest,
    run,
};

/// Ended sessions are kept this long: somebody may ask who was signed in.
pub const SESSIONS_DAYS: i64 = 30;
/// One-time codes are good for minutes; the wait for the next one looks back a day.
pub const CODES_DAYS: i64 = 1;
/// What is counted against guessing looks back a day (`src/web/session/guard.rs`).
pub const GUARDS_DAYS: i64 = 1;
/// A form is sent twice within seconds; a page left open is of another version after days.
pub const FORMS_DAYS: i64 = 30;
/// Runs of jobs are kept this long.
pub const RUNS_DAYS: u64 = 800;

/// Removes them; each table by the file that owns it.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let now = app.clock.now_at();
    let ended = now - Duration::days(SESSIONS_DAYS);
    let runs = app.clock.today().checked_sub_days(Days::new(RUNS_DAYS)).unwrap_or_default();
    let sessions = app.db.write("retire sessions", |db| session::forget_ended(db, ended))?;
    let codes = app
        .db
        .write("retire codes", |db| borrower::code::retire(db, now - Duration::days(CODES_DAYS)))?;
    let guards = app.db.write("retire guards", |db| guard::forget_old(db, now))?;
    // A ceiling that is no longer reached: nobody may have asked since.
    let limit = app.policy().code_limit.on(app.clock.today()).clone();
    app.db.write("ceiling of codes", |db| borrower::ceiling::reached(db, &limit, now))?;
    let forms = app
        .db
        .write("retire forms", |db| act::forget_forms(db, now - Duration::days(FORMS_DAYS)))?;
    let runs = app.db.write("retire runs", |db| clock::forget_before(db, runs))?;
    Ok(Counts { done: count(sessions + codes + guards + forms + runs), ..Counts::default() })
}
