//! Tells students whose university has not entered the receipt of this year's contract: 20, 10
//! and 3 days before the last day for it (10-10, policies/desk.toml). Without a receipt no money
//! is paid out. Whose university entered other fees than the contract says is told once.
//!
//! When: every morning. Missed: only the message that is right today; none after the last day.

use chrono::{Datelike, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::scope::Scope;
use crate::book::notice::rounds::{self, Round};
use crate::book::notice::{About, Reason, Wrote, due_queries, write_about};
use crate::book::office::Office;
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
    let round = rounds::before(target, &leads, day, settings.late_gap_days);
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        if day <= last_on {
            all += tell_differences(app, &office, day.year(), last_on)?;
        }
        let Some(round) = round else { continue };
        let (scope, year) = (Scope::of(&office.code), day.year());
        let about =
            About { reason: Reason::ReceiptMissing, round, what: year.to_string(), last_on };
        let files = app.db.read(|db| due_queries::without_receipt(db, &scope, year, round))?;
        let files: Vec<_> = files.into_iter().map(|file| (file, ())).collect();
        all += write_about(app, &office, &about, &files, |fields, ()| {
            fields.text("school_year", school_year(year)).day("last_on", last_on, day)
        })?;
    }
    Ok(wrote(all))
}

fn school_year(year: i32) -> String {
    format!("{year}-{}", year + 1)
}

/// Planned for the day on which universities begin, so that the outbox takes it once a year.
fn tell_differences(app: &App, office: &Office, year: i32, last_on: NaiveDate) -> AppResult<Wrote> {
    let scope = Scope::of(&office.code);
    let files = app.db.read(|db| due_queries::differing_receipts(db, &scope, year))?;
    let round = Round { planned_on: day_in(year, 9, 1) };
    let about = About { reason: Reason::ReceiptDiffers, round, what: year.to_string(), last_on };
    write_about(app, office, &about, &files, |fields, why| {
        fields.text("school_year", school_year(year)).text("difference", why)
    })
}
