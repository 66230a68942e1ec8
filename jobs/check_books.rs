//! Skeleton of the job check_books.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job = Job {
    name: "check_books",
    words: "核对账目",
    cron: "0 0 4 * * *",
    missed: Missed::Latest,
    run,
};

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
