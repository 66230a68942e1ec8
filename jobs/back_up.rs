//! Skeleton of the job back_up.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job =
    Job {
        name: "back_up", words: "备份数据", cron: "0 30 2 * * *", missed: Missed::Latest, run
    };

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
