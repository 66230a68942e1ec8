//! Tells students who study on, borrowed last year and have no contract of this year when the
//! county's counter is open (policies/desk.toml, by county): some days before it opens.
//!
//! When: every morning. Missed: only the message that is right today; none once it is open for
//! half of its time.

use chrono::{Datelike, Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::dates;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "remind_renewals",
    words: "提醒续贷",
    cron: "0 45 7 * * *",
    missed: Missed::Latest,
    run,
};

/// Writes the messages that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let year = day.year();
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let (opens_on, closes_on) = app.policy().application_window(&office.code, year);
        let half = u64::try_from(dates::days_between(opens_on, closes_on) / 2).unwrap_or(0);
        let too_late = opens_on.checked_add_days(Days::new(half)).unwrap_or(opens_on);
        if day >= too_late {
            continue;
        }
        let days = settings
            .renewal_days_before
            .iter()
            .filter_map(|lead| opens_on.checked_sub_days(Days::new((*lead).into())));
        let Some(round) = rounds::latest(days, day, settings.late_gap_days) else { continue };
        let scope = Scope::of(&office.code);
        let files = app.db.read(|db| due_queries::without_renewal(db, &scope, year, round))?;
        let files: Vec<_> = files.into_iter().map(|file| (file, ())).collect();
        let about =
            About { reason: Reason::Renewal, round, what: year.to_string(), last_on: closes_on };
        all += write_about(app, &office, &about, &files, |fields, ()| {
            fields.day("opens_on", opens_on, day).day("closes_on", closes_on, day)
        })?;
    }
    Ok(wrote(all))
}
