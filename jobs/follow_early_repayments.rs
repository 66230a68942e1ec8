//! Follows requests for an early repayment. Tells families some days before the settling day how
//! much money is needed. Ends what the bank has not answered: what its list of repayments has is
//! paid; the rest lapses some days after the settling day (policies/early.toml), without harm.
//!
//! When: every morning. Missed: only today's; each run looks at all that are open.

use chrono::{Days, NaiveDate};

use super::wrote;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::Actor;
use crate::book::notice::rounds::Round;
use crate::book::notice::{About, Reason, Wrote, write_about};
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
    let days = *app.policy().prepay_days.on(day);
    let until = day.checked_add_days(Days::new(u64::from(days.tell_before))).unwrap_or(day);
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let (by, scope) = (Actor::program(JOB.words, &office.code), Scope::of(&office.code));
        act::run(app, (&by, &scope), "early repayments followed", |act| {
            steps::lapse(act, days.lapse_after)
        })?;
        let basis = app.basis();
        let soon = app.db.read(|db| steps::due_soon(db, &scope, &basis, (day, until)))?;
        for (on, files) in soon {
            // Told once for each settling day, whenever the request came.
            let (what, round) = (on.to_string(), Round { planned_on: on });
            let about = About { reason: Reason::EarlyRepaymentDay, round, what, last_on: on };
            let assumed = app.policy().assumed(on);
            all += write_about(app, &office, &about, &files, |fields, amount| {
                fields.day("settles_on", on, day).amount(*amount, assumed)
            })?;
        }
    }
    Ok(wrote(all))
}
