//! Tells that a due day has passed and something is unpaid: 1, 5 and 12 days after it, student
//! and co-borrower, by their wishes. Who is late for longer is met by people, not by messages.
//!
//! When: every morning. Missed: as for reminders, only the one that is right today; more than ten
//! days after the last of the series none.

use chrono::{Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::book::payments_known;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "send_overdue_notices",
    words: "写到期未还提醒",
    cron: "0 35 7 * * *",
    missed: Missed::Latest,
    run,
};

/// By so many days the last notice may be late.
const LATE: u64 = 10;

/// Writes the notices that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let Some(furthest) = settings.overdue_days_after.iter().max() else {
        return Ok(Counts::default());
    };
    let back = u64::from(*furthest) + LATE;
    let from = day.checked_sub_days(Days::new(back)).unwrap_or(day);
    let until = day.pred_opt().unwrap_or(day);
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        let bank_data = app.db.read(|db| payments_known::bank_data(db, &scope, day))?;
        for due_on in app.db.read(|db| due_queries::unpaid_days(db, &scope, from, until))? {
            let Some(round) = rounds::after(
                due_on,
                &settings.overdue_days_after,
                day,
                settings.late_gap_days,
                LATE,
            ) else {
                continue;
            };
            let files: Vec<(FileId, Fen)> =
                app.db.read(|db| due_queries::without_overdue_notice(db, &scope, due_on, round))?;
            let about = |reason| About {
                reason,
                round,
                what: due_on.to_string(),
                last_on: round.planned_on.checked_add_days(Days::new(LATE)).unwrap_or(day),
            };
            let ids: Vec<FileId> = files.iter().map(|(file, _)| *file).collect();
            let unconfirmed =
                app.db.read(|db| due_queries::unconfirmed(db, &scope, &ids, (&bank_data, day)))?;
            let (unconfirmed, late): (Vec<_>, Vec<_>) =
                files.into_iter().partition(|(file, _)| unconfirmed.contains(file));
            let assumed = app.policy().assumed_in_arrears(day);
            all +=
                write_about(app, &office, &about(Reason::OverdueNotice), &late, |to, amount| {
                    to.day("due_on", due_on, day).arrears(*amount, assumed, (&bank_data, day))
                })?;
            let about = about(Reason::DueUnconfirmed);
            all += write_about(app, &office, &about, &unconfirmed, |to, _| {
                to.day("due_on", due_on, day).unconfirmed(&bank_data)
            })?;
        }
    }
    Ok(wrote(all))
}
