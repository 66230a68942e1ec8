//! Plans the yearly contact with every family: makes the duties of this year that are not there,
//! with their day and who is to do it, and excuses those of families that have settled.
//!
//! When: after the day's positions are refreshed. Why: nobody is forgotten, and the clerks' lists
//! are ready in the morning. Missed: the next run makes what is missing; a family has one duty a
//! year by the key of its row.

use chrono::{Datelike as _, NaiveDate};

use super::{count, offices};
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::staff;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::contact::steps::{self, Planned};

pub const JOB: Job = Job {
    name: "plan_contact_duties",
    words: "安排每年的家庭联系",
    cron: "0 20 0 * * *",
    missed: Missed::Latest,
    run,
};

/// Plans the current year for every office.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let today = app.clock.today();
    let mut all = Planned::default();
    for office in offices(app, &JOB)? {
        let scope = Scope::of(&office.code);
        let done = app.db.write("plan contact duties", |db| {
            let staff = staff::all(db, &scope)?;
            steps::plan_year(db, &scope, &app.policy(), (today.year(), today), &staff)
        })?;
        all.made += done.made;
        all.met += done.met;
        all.excused += done.excused;
    }
    let note = if all == Planned::default() {
        String::new()
    } else {
        format!(
            "新安排 {} 户，其中已经联系过 {} 户；不再需要 {} 户",
            all.made, all.met, all.excused
        )
    };
    Ok(Counts { done: count(all.made + all.excused), note, ..Counts::default() })
}
