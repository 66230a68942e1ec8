//! Skeleton of the job take_up_imports.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// When and how.
pub const JOB: Job = Job {
    name: "take_up_imports",
    words: "接续未做完的导入",
    cron: "*/30 * * * * *",
    missed: Missed::Often,
    run,
};

/// Does it.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let _ = (app, day);
    Ok(Counts::default())
}
