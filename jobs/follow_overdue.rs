//! Keeps the overdue ladder in step: opens a case for every file that became overdue, ends those
//! that are paid, tells promises that were not kept, brings back what was paused or set aside.
//!
//! When: just after the day is closed. Why: the list of the morning. Missed: the next run does
//! all at once, and a page that finds a case missing runs the same. A payment that is posted
//! takes its case off the ladder at once, without this job.

use chrono::NaiveDate;

use super::{close_day, count};
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::office;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::overdue::follow::{Followed, follow_office};

pub const JOB: Job = Job {
    name: "follow_overdue",
    words: "逾期跟进",
    cron: "30 0 0 * * *",
    missed: Missed::Latest,
    run,
};

/// Brings all cases into step; `done` counts the cases that changed.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    // Nothing to do when the day is closed already.
    close_day::refresh_all(app)?;
    let mut all = Followed::default();
    for office in app.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        all += follow_office(app, &scope)?;
    }
    let Followed { opened, closed, broken, back } = all;
    let parts = [
        (opened, "新增"),
        (closed, "还清"),
        (broken, "约定到期没还"),
        (back, "暂停或转其他业务到期"),
    ];
    let figures: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{words} {n} 户")).collect();
    Ok(Counts {
        done: count(opened + closed + broken + back),
        note: figures.join("，"),
        ..Counts::default()
    })
}
