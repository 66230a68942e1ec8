//! Asks this year's graduates who still owe something to have their graduation confirmed, on the
//! days of spring that the configuration names, until it is.
//!
//! When: every morning. Missed: only the message that is right today, at most twenty days late.

use chrono::{Datelike, Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::dates;
use crate::base::month_day::MonthDay;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "remind_graduation_confirmation",
    words: "提醒毕业确认",
    cron: "0 50 7 * * *",
    missed: Missed::Latest,
    run,
};

/// By so many days a message may be late.
const LATE: u64 = 20;

/// Writes the messages that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let year = day.year();
    let days = settings.graduation_on.iter().filter_map(|text| MonthDay::from_text(text));
    let days = days.map(|month_day| month_day.in_year(year));
    let Some(round) = rounds::latest(days, day, settings.late_gap_days) else {
        return Ok(Counts::default());
    };
    let last_on = round.planned_on.checked_add_days(Days::new(LATE)).unwrap_or(day);
    if dates::days_between(day, last_on) < 0 {
        return Ok(Counts::default());
    }
    let about =
        About { reason: Reason::GraduationConfirmation, round, what: year.to_string(), last_on };
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        let files = app.db.read(|db| due_queries::without_confirmation(db, &scope, year, round))?;
        all += write_about(app, &office, &about, &files, |fields, university| {
            fields.text("university", university.as_str())
        })?;
    }
    Ok(wrote(all))
}
