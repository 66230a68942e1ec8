//! Runs what `jobs/` declares, in Asia/Shanghai: each (job, day) once, by whichever program
//! instance claims it first, again after a failure, and later when the machine was off.

use chrono::NaiveDate;

use crate::app::App;
use crate::error::AppResult;

/// Something that happens by the clock. Each file of `jobs/` declares one.
#[derive(Clone, Copy)]
pub struct Job {
    /// The name on the command line, in the configuration and in the table `job_run`.
    pub name: &'static str,
    /// The name on pages: 发还款提醒.
    pub words: &'static str,
    /// When, in Asia/Shanghai: second minute hour day month weekday (names of weekdays only).
    pub cron: &'static str,
    /// What happens when the machine was off at the time.
    pub missed: Missed,
    /// What it does for a day. Asks which rows should have something and do not, so that a second
    /// run changes nothing; a few hundred rows a write; one row's failure never stops the rest.
    pub run: fn(&App, NaiveDate) -> AppResult<Counts>,
}

/// What happens to runs whose time passed while the machine was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Every day is made up for, in order.
    EachDay,
    /// Only the last day is.
    Latest,
    /// Runs every few minutes: there is nothing to make up for, and one row tells the last run.
    Often,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows something was done to.
    pub done: u64,
    /// Rows that were looked at and left alone.
    pub skipped: u64,
    /// Rows that failed; the run itself goes on.
    pub failed: u64,
    /// One Chinese sentence for the history of the job, may be empty.
    pub note: String,
}

/// What the configuration can set for one job: `[jobs.send_due_reminders]`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// Another time than the job's own.
    pub cron: Option<String>,
    /// Switched off for every office of this installation.
    pub off: bool,
}
