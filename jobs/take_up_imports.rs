//! Goes on with imports that wait or whose program was stopped or killed in the middle.
//!
//! When: every 30 seconds while the program serves. Why: an import that was begun must come to
//! its end without anybody watching. Missed: the next run takes up everything at once. An import
//! has a lease of its own, so several program instances may look at once.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::imports::queue;

pub const JOB: Job = Job {
    name: "take_up_imports",
    words: "接续没有做完的导入",
    cron: "*/30 * * * * *",
    missed: Missed::Often,
    run,
};

/// Wakes the importing of every office in which an import waits; it goes on behind this run.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    Ok(Counts { done: count(queue::resume_abandoned(app)?), ..Counts::default() })
}
