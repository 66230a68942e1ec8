//! Tells this year's graduates until when an early repayment saves them all interest: the last
//! request that is settled before they pay interest themselves (08-15 for 08-20), and later the
//! last one that is settled before December (10-15 for 10-20). Both days come from the rules of
//! policies/early.toml and the end of study in policies/contract.toml.
//!
//! When: every morning. Missed: only the message that is right today.

use chrono::{Datelike, Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::book::dates::day_in;
use crate::book::notice::{About, Reason, Wrote, asked, rounds, write_about};
use crate::book::office::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job, Missed};

/// See the file.
pub const JOB: Job = Job {
    name: "remind_early_repayment_window",
    words: "提醒提前还款的日子",
    cron: "0 55 7 * * *",
    missed: Missed::Latest,
    run,
};

/// A last day to ask, and the day on which it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LastRequest {
    ask_by: NaiveDate,
    settles_on: NaiveDate,
}

/// Writes the messages that are right on `day`.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let settings = &app.config.messages;
    let study_ends_on = app.policy.due_days.on(day).subsidy_end_day.in_year(day.year());
    let free = last_request(&app.policy, study_ends_on);
    let december = day_in(day.year(), 11, 30);
    let before_december = last_request(&app.policy, december);
    let nearest: Vec<u32> = settings.early_days_before.iter().min().copied().into_iter().collect();
    let mut all = Wrote::default();
    for (last, leads, gain) in [
        (free, settings.early_days_before.as_slice(), "就不用付利息"),
        (before_december, nearest.as_slice(), "之后申请的要到12月才扣款"),
    ] {
        let Some(last) = last else { continue };
        let target = last.ask_by.succ_opt().unwrap_or(last.ask_by);
        let leads: Vec<u32> = leads.iter().map(|lead| lead + 1).collect();
        let Some(round) = rounds::before(target, &leads, day, settings.late_gap_days) else {
            continue;
        };
        let about = About {
            reason: Reason::EarlyRepaymentWindow,
            round,
            what: last.ask_by.to_string(),
            last_on: last.ask_by,
        };
        for office in super::offices(app, &JOB)? {
            let scope = Scope::of(&office.code);
            let files = app.db.read(|db| asked::without_early_repayment(db, &scope, round))?;
            let files: Vec<_> = files.into_iter().map(|file| (file, ())).collect();
            all += write_about(app, &office, &about, &files, |fields, ()| {
                let fields = fields.day("ask_by", last.ask_by, day).text("gain", gain);
                fields.day("settles_on", last.settles_on, day)
            })?;
        }
    }
    Ok(wrote(all))
}

/// The last request that is settled on or before `until`, looked for in the year before it.
fn last_request(policy: &Policy, until: NaiveDate) -> Option<LastRequest> {
    (0..366).find_map(|back| {
        let ask_by = until.checked_sub_days(Days::new(back))?;
        let settles_on = policy.prepay_window(ask_by)?;
        (settles_on <= until).then_some(LastRequest { ask_by, settles_on })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_come_from_the_rules() {
        let policy = Policy::embedded().unwrap();
        let d = |text: &str| text.parse::<NaiveDate>().unwrap();
        let last = |until: &str| last_request(&policy, d(until)).unwrap();
        assert_eq!(
            last("2027-08-31"),
            LastRequest { ask_by: d("2027-08-15"), settles_on: d("2027-08-20") }
        );
        assert_eq!(
            last("2027-11-30"),
            LastRequest { ask_by: d("2027-10-15"), settles_on: d("2027-10-20") }
        );
    }
}
