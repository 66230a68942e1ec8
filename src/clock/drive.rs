//! Runs what is due, or what somebody asks for, now: for tests, rehearsals, commands and the page
//! of jobs. A server runs [`super::serve`].

use chrono::{NaiveDate, NaiveDateTime};

use super::attempt::{self, Ran};
use super::due::{Due, due, is_free};
use super::store::{self, OFTEN, RunState};
use super::{Missed, Planned, Timetable};
use crate::app::App;
use crate::base::dates::{day_of, starts_at};
use crate::book::audit_log::Actor;
use crate::error::{AppError, AppResult};

/// Runs, one after the other, everything that is due at `now` (the clock's instant): days that
/// were missed in their order, then what runs every few minutes, once each. Cheap when nothing is
/// due: one query.
pub fn run_due(app: &App, now: NaiveDateTime) -> AppResult<Vec<Ran>> {
    let mut all = Vec::new();
    loop {
        let found = due(app, now)?;
        let Some(first) = found.first().filter(|due| !due.is_often()).map(|due| due.day) else {
            for one in &found {
                all.extend(attempt::run(app, one)?);
            }
            return Ok(all);
        };
        let before = all.len();
        for one in found.iter().filter(|due| !due.is_often() && due.day == first) {
            all.extend(attempt::run(app, one)?);
        }
        if Timetable::of(app).is_stopping() || all.len() == before {
            return Ok(all);
        }
    }
}

/// The next instant after `after` at which a job that runs by the day is planned; a rehearsal can
/// jump there. Tries again after a failure are not foreseen.
pub fn next_planned(app: &App, after: NaiveDateTime) -> Option<NaiveDateTime> {
    let by_day = |planned: &&Planned| !planned.off && planned.job.missed != Missed::Often;
    let timetable = Timetable::of(app);
    let jobs = timetable.jobs().iter().filter(by_day);
    jobs.filter_map(|planned| planned.times.next_after(after)).min()
}

/// Runs one job now, whether or not it ran before, and writes into the history who asked for it.
///
/// # Errors
/// `NotFound`: no such job. `TooBusy`: it runs already. `Refused`: the day has not come.
pub fn run_now(app: &App, job: &str, day: NaiveDate, by: &Actor) -> AppResult<Ran> {
    let now = app.clock.now_at();
    let planned = Timetable::of(app).find(job).ok_or(AppError::NotFound)?.clone();
    let today = day_of(now.and_utc());
    if day > today {
        return Err(AppError::refused(format!("{day} 还没有到，不能提前运行")));
    }
    let is_often = planned.job.missed == Missed::Often;
    let key = if is_often { OFTEN } else { day };
    let seen = app.db.read(|db| store::find(db, job, key))?;
    let busy = || AppError::TooBusy(format!("“{}”正在运行，等它结束再试", planned.job.words));
    if seen.as_ref().is_some_and(|run| run.state == RunState::Running && !is_free(run, now)) {
        return Err(busy());
    }
    let day = if is_often { today } else { day };
    let planned_at = planned.times.first_on(day).unwrap_or_else(|| starts_at(day));
    let due = Due { planned: planned.clone(), day, planned_at, seen };
    // Should it fail, it is not settled any more.
    if let Ok(mut known) = Timetable::of(app).known.lock() {
        known.floor.remove(planned.job.name);
    }
    let ran = attempt::by_hand(app, &due)?.ok_or_else(busy)?;
    attempt::note(app, &planned, &ran, by)?;
    Ok(ran)
}
