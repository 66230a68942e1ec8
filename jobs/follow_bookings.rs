//! Ends yesterday at the counters: who had a time and did not come is on the list of those who did
//! not. Reminds of tomorrow, and what to bring: a family that forgot a paper comes twice.
//!
//! When: every morning. Missed: only today's; a reminder of a day that has passed is none.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::wrote;
use crate::app::App;
use crate::base::ids::FileId;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::Actor;
use crate::book::notice::rounds::Round;
use crate::book::notice::{About, Reason, Wrote, write_about};
use crate::book::{loan, person};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::application::family;
use crate::life::booking::rules;
use crate::life::booking::{steps, store};

pub const JOB: Job = Job {
    name: "follow_bookings",
    words: "提醒预约",
    cron: "0 35 7 * * *",
    missed: Missed::Latest,
    run,
};

pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let mut all = Wrote::default();
    for office in super::offices(app, &JOB)? {
        let (by, scope) = (Actor::program(JOB.words, &office.code), Scope::of(&office.code));
        act::run(app, (&by, &scope), "bookings ended", steps::close_past)?;
        let Some(tomorrow) = day.succ_opt() else { continue };
        let booked = app.db.read(|db| {
            let booked = store::booked_on(db, &scope, tomorrow)?;
            let with = |(file, slot, place, kind)| {
                let student = loan::file(db, &scope, file)?.person_id;
                let student = person::find(db, &scope, student)?;
                let cards = family::cards(db, &scope, &app.sealer, (&student, tomorrow))?;
                let bring = [rules::in_short(kind).to_owned()].into_iter().chain(cards);
                Ok((file, slot, place, bring.collect::<Vec<_>>().join("；")))
            };
            booked.into_iter().map(with).collect::<AppResult<Vec<_>>>()
        })?;
        // One message for each half hour and place, which differ in what they say.
        let mut groups: HashMap<(i32, String), Vec<(FileId, String)>> = HashMap::new();
        for (file, slot, place, bring) in booked {
            groups.entry((slot, place)).or_default().push((file, bring));
        }
        let round = Round { planned_on: day };
        let what = tomorrow.to_string();
        let about = About { reason: Reason::BookingTomorrow, round, what, last_on: tomorrow };
        for ((slot, place), files) in groups {
            all += write_about(app, &office, &about, &files, |fields, bring| {
                let fields = fields.day("on", tomorrow, day).text("time", rules::time(slot));
                fields.text("place", place.clone()).text("bring", bring.clone())
            })?;
        }
    }
    Ok(wrote(all))
}
