//! Reminds of a due day: 60, 30, 10 and 3 days before it, student and co-borrower, by their
//! wishes, with the amount.
//!
//! When: every morning. Missed: only the last day is made up for, and of a series only the
//! message that is right today is written, never two at once. A message is for its day (so many
//! days before the due day), so a second run finds nothing without one.

use chrono::{Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "send_due_reminders",
    words: "写还款提醒",
    cron: "0 30 7 * * *",
    missed: Missed::Latest,
    run,
};

/// Writes the reminders that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let Some(furthest) = settings.due_days_before.iter().max() else {
        return Ok(Counts::default());
    };
    let until = day.checked_add_days(Days::new((*furthest).into())).unwrap_or(day);
    let from = day.succ_opt().unwrap_or(day);
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        for due_on in app.db.read(|db| due_queries::due_days(db, &scope, from, until))? {
            let Some(round) =
                rounds::before(due_on, &settings.due_days_before, day, settings.late_gap_days)
            else {
                continue;
            };
            let files: Vec<(FileId, Fen)> =
                app.db.read(|db| due_queries::without_due_reminder(db, &scope, due_on, round))?;
            let about = About {
                reason: Reason::DueReminder,
                round,
                what: due_on.to_string(),
                last_on: due_on,
            };
            let assumed = app.policy().assumed(due_on);
            all += write_about(app, &office, &about, &files, |fields, amount| {
                fields.day("due_on", due_on, day).amount(*amount, assumed)
            })?;
        }
    }
    Ok(wrote(all))
}
