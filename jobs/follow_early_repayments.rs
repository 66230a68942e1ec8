//! Ends requests for an early repayment that the bank has not answered: what its list of repayments
//! has is paid; the rest lapses some days after the settling day (policies/early.toml), without harm,
//! and may be made again.
//!
//! When: every morning. Missed: only today's; each run looks at all that are open.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::Actor;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::early::steps;

pub const JOB: Job = Job {
    name: "follow_early_repayments",
    words: "跟进提前还款",
    cron: "0 40 7 * * *",
    missed: Missed::Latest,
    run,
};

pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let days = app.policy().prepay_days.on(day).lapse_after;
    let mut all = Counts::default();
    for office in super::offices(app, &JOB)? {
        let (by, scope) = (Actor::program(JOB.words, &office.code), Scope::of(&office.code));
        let lapsed = act::run(app, (&by, &scope), "early repayments followed", |act| {
            steps::lapse(act, days)
        })?;
        all.done += count(lapsed);
    }
    Ok(all)
}
