//! Tells this year's graduates until when an early repayment saves them all interest: the last
//! request that is settled before they pay interest themselves (08-15 for 08-20), and later the
//! last one that is settled before December (10-15 for 10-20). Both days come from the rules of
//! policies/early.toml and the end of study in policies/contract.toml.
//!
//! When: every morning. Missed: only the message that is right today.

use chrono::{Datelike, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::scope::Scope;
use crate::book::notice::{About, Reason, Wrote, due_queries, rounds, write_about};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "remind_early_repayment_window",
    words: "提醒提前还款的日子",
    cron: "0 55 7 * * *",
    missed: Missed::Latest,
    run,
};

/// Writes the messages that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let study_ends_on = app.policy().due_days.on(day).subsidy_end_day.in_year(day.year());
    let free = app.policy().last_prepay_request(study_ends_on);
    let december = day_in(day.year(), 11, 30);
    let before_december = app.policy().last_prepay_request(december);
    let nearest: Vec<u32> = settings.early_days_before.iter().min().copied().into_iter().collect();
    let mut all = Wrote::default();
    for (last, leads, gain) in [
        (free, settings.early_days_before.as_slice(), "就不用付利息"),
        (before_december, nearest.as_slice(), "之后申请的要到12月才扣款"),
    ] {
        let Some((ask_by, settles_on)) = last else { continue };
        let target = ask_by.succ_opt().unwrap_or(ask_by);
        let leads: Vec<u32> = leads.iter().map(|lead| lead + 1).collect();
        let Some(round) = rounds::before(target, &leads, day, settings.late_gap_days) else {
            continue;
        };
        let about = About {
            reason: Reason::EarlyRepaymentWindow,
            round,
            what: ask_by.to_string(),
            last_on: ask_by,
        };
        for office in super::offices(app, &JOB)? {
            let scope = Scope::of(&office.code);
            let files =
                app.db.read(|db| due_queries::without_early_repayment(db, &scope, round))?;
            let files: Vec<_> = files.into_iter().map(|file| (file, ())).collect();
            all += write_about(app, &office, &about, &files, |fields, ()| {
                let fields = fields.day("ask_by", ask_by, day).text("gain", gain);
                fields.day("settles_on", settles_on, day)
            })?;
        }
    }
    Ok(wrote(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::policy::Policy;

    #[test]
    fn the_last_days_come_from_the_rules() {
        let policy = Policy::embedded().unwrap();
        let d = |text: &str| text.parse::<NaiveDate>().unwrap();
        let last = |until: &str| policy.last_prepay_request(d(until)).unwrap();
        assert_eq!(last("2027-08-31"), (d("2027-08-15"), d("2027-08-20")));
        assert_eq!(last("2027-11-30"), (d("2027-10-15"), d("2027-10-20")));
    }
}
