//! Refreshes the positions that change because time passes: the day after a due day, a day of
//! penalty interest, the end of study.
//!
//! When: at start and every few seconds while the program serves (it asks "which positions can
//! have changed by today and are not refreshed?", so a run with nothing to do costs one query).
//! Missed: the next run does all days at once; a position depends on the day it is for, not on
//! the days between. Several program instances may run it at once.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::book::office::{self, Scope};
use crate::book::position;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job =
    Job {
        name: "close_day", words: "日终结转", cron: "0 5 0 * * *", missed: Missed::Latest, run
    };

/// Loans refreshed in one write: long enough to be cheap, short enough to keep nobody waiting.
const AT_ONCE: i64 = 1_000;

/// Refreshes everything that can have changed by today.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    Ok(Counts { done: count(refresh_all(app)?), ..Counts::default() })
}

/// The same; returns how many loans that were.
pub fn refresh_all(app: &App) -> AppResult<usize> {
    let today = app.clock.today();
    let mut all = 0;
    for office in app.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        // A read first: nearly always there is nothing to do, and then nobody is kept waiting.
        while app.db.read(|db| position::is_any_due(db, &scope, today))? {
            let done = app.db.write("close day", |db| {
                position::refresh_due(db, &scope, app.basis(), today, AT_ONCE)
            })?;
            all += done;
            if done == 0 {
                break;
            }
        }
    }
    if all > 0 {
        app.counts.forget();
        tracing::info!(loans = all, day = %today, "positions refreshed");
    }
    Ok(all)
}
