//! Skeleton of the job retire_sessions_and_codes.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job = Job {
    name: "retire_sessions_and_codes",
    words: "清理过期登录",
    cron: "0 0 3 * * *",
    missed: Missed::Latest,
    run,
};

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
