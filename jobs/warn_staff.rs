//! Skeleton of the job warn_staff.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job = Job {
    name: "warn_staff",
    words: "提醒工作人员截止日",
    cron: "0 10 0 * * *",
    missed: Missed::Latest,
    run,
};

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
