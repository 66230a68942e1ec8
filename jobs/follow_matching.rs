//! Removes lists of other offices whose last day has passed, with every number on them, and
//! compares pupils who have come since with those that are left.
//!
//! When: every night. Why: such a list may be kept for its purpose and no longer. Missed: the last
//! night only; the next run removes everything at once.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::Actor;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::matching::steps;

pub const JOB: Job = Job {
    name: "follow_matching",
    words: "清除到期的比对名单",
    cron: "0 25 3 * * *",
    missed: Missed::Latest,
    run,
};

pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let (mut gone, mut found) = (0, 0);
    for office in super::offices(app, &JOB)? {
        let (by, scope) = (Actor::program(JOB.words, &office.code), Scope::of(&office.code));
        let one = act::run(app, (&by, &scope), "matching followed", steps::follow)?;
        gone += one.0;
        found += one.1;
    }
    let note = match (gone, found) {
        (0, 0) => String::new(),
        _ => format!("清除 {gone} 份名单；新比中 {found} 条"),
    };
    Ok(Counts { done: count(gone + found), note, ..Counts::default() })
}
