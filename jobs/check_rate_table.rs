//! Skeleton of the job check_rate_table.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job = Job {
    name: "check_rate_table",
    words: "检查利率表",
    cron: "0 0 8 * * *",
    missed: Missed::Latest,
    run,
};

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
