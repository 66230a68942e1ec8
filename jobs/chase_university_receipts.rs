//! Tells students whose university has not entered the receipt of this year's contract: 20, 10
//! and 3 days before the last day for it (10-10, policies/desk.toml). Without a receipt no money
//! is paid out.
//!
//! When: every morning. Missed: only the message that is right today; none after the last day.

use chrono::{Datelike, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "chase_university_receipts",
    words: "提醒高校回执",
    cron: "0 40 7 * * *",
    missed: Missed::Latest,
    run,
};

/// Writes the messages that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let last_on = app.policy().receipt_deadline(day.year());
    let target = last_on.succ_opt().unwrap_or(last_on);
    let leads: Vec<u32> = settings.receipt_days_before.iter().map(|lead| lead + 1).collect();
    let Some(round) = rounds::before(target, &leads, day, settings.late_gap_days) else {
        return Ok(Counts::default());
    };
    let year = day.year();
    let about = About { reason: Reason::ReceiptMissing, round, what: year.to_string(), last_on };
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        let files = app.db.read(|db| due_queries::without_receipt(db, &scope, year, round))?;
        let files: Vec<_> = files.into_iter().map(|file| (file, ())).collect();
        all += write_about(app, &office, &about, &files, |fields, ()| {
            fields.text("school_year", format!("{year}-{}", year + 1)).day("last_on", last_on, day)
        })?;
    }
    Ok(wrote(all))
}
