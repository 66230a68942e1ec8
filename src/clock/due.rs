//! What is due: decided from the clock's instant and the rows of `job_run`, whatever the clock
//! did in between (switched off, set back, set forward). The decisions are pure; the database is
//! asked once for all jobs.

use std::collections::HashMap;

use chrono::{Days, Duration, NaiveDate, NaiveDateTime};

use super::store::{self, OFTEN, Run, RunState};
use super::{Job, Known, Missed, Planned};
use crate::app::App;
use crate::base::dates::day_of;
use crate::clock::Timetable;
use crate::error::{AppError, AppResult};
use crate::plumbing::{meta, restored};

/// Days that are made up for at most. Who was off for longer starts with the last of them.
const CATCH_UP_DAYS: u64 = 92;

/// A lease or a wait that ends later than this was written by a clock that was wrong.
const BELIEVED_FOR: Duration = Duration::hours(24);

/// How far the clocks of two instances may differ.
const CLOCKS_DIFFER_BY: Duration = Duration::seconds(60);

/// A run that may begin now.
#[derive(Clone, Debug)]
pub struct Due {
    pub planned: Planned,
    pub day: NaiveDate,
    /// When it should have begun (UTC).
    pub planned_at: NaiveDateTime,
    /// Its row as it is; the claim is lost when it has changed.
    pub(super) seen: Option<Run>,
}

impl Due {
    /// Does it run every few minutes?
    pub fn is_often(&self) -> bool {
        self.planned.job.missed == Missed::Often
    }
}

/// Is the end of a lease or wait behind us, or not to be believed?
fn is_over(until: Option<NaiveDateTime>, now: NaiveDateTime) -> bool {
    until.is_none_or(|until| until <= now || until > now + BELIEVED_FOR)
}

/// May somebody begin this run now?
pub(super) fn is_free(run: &Run, now: NaiveDateTime) -> bool {
    match run.state {
        RunState::Running => is_over(run.leased_until, now),
        RunState::Failed => is_over(run.next_try_at, now),
        RunState::Done | RunState::GaveUp => false,
    }
}

/// Nothing more to do for that day?
fn is_settled(run: Option<&&Run>) -> bool {
    run.is_some_and(|run| matches!(run.state, RunState::Done | RunState::GaveUp))
}

/// What one job's days say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The day whose run comes next, and when it should have begun; due even when it is leased.
    pub(super) next: Option<(NaiveDate, NaiveDateTime)>,
    /// Every day up to here is settled.
    pub(super) floor: Option<NaiveDate>,
}

/// The next day of a job that runs by the day: not before `from`, not after now.
pub(super) fn next_day(
    planned: &Planned,
    rows: &HashMap<NaiveDate, &Run>,
    from: NaiveDate,
    now: NaiveDateTime,
) -> Found {
    let today = day_of(now.and_utc());
    let mut found = Found::default();
    let came = |day: NaiveDate| planned.times.first_on(day).filter(|at| *at <= now);
    match planned.job.missed {
        Missed::Often => {}
        Missed::EachDay => {
            for day in from.iter_days().take_while(|day| *day <= today) {
                match came(day) {
                    Some(_) if is_settled(rows.get(&day)) => found.floor = Some(day),
                    Some(at) => {
                        found.next = Some((day, at));
                        break;
                    }
                    None if day < today => found.floor = Some(day),
                    None => {}
                }
            }
        }
        Missed::Latest => {
            let back = std::iter::successors(Some(today), |day: &NaiveDate| day.pred_opt());
            let last =
                back.take_while(|day| *day >= from).find_map(|day| came(day).map(|at| (day, at)));
            match last {
                Some((day, at)) if !is_settled(rows.get(&day)) => found.next = Some((day, at)),
                Some((day, _)) if day == today => found.floor = Some(today),
                // Nothing is planned between that day, or the first one, and today.
                _ => found.floor = today.pred_opt().filter(|day| *day >= from),
            }
        }
    }
    found
}

/// Is a job that runs every few minutes due? Then since when.
fn often(planned: &Planned, run: Option<&Run>, now: NaiveDateTime) -> Option<NaiveDateTime> {
    let Some(run) = run else { return Some(now) };
    match run.state {
        RunState::Running | RunState::Failed => is_free(run, now).then_some(now),
        RunState::GaveUp => is_over(run.next_try_at, now).then_some(now),
        // Began in the future: the clock was set back meanwhile.
        RunState::Done if run.started_at > now + CLOCKS_DIFFER_BY => Some(now),
        RunState::Done => planned.times.next_after(run.started_at).filter(|at| *at <= now),
    }
}

/// Everything that may begin now: first by the day, the oldest first, then what runs every few
/// minutes. One query; jobs that are switched off are left out.
pub fn due(app: &App, now: NaiveDateTime) -> AppResult<Vec<Due>> {
    let timetable = &Timetable::of(app);
    let today = day_of(now.and_utc());
    // Put back from a copy: nothing runs until a person has looked.
    if app.db.read(restored::get)?.is_some_and(|restored| !restored.jobs_released) {
        return Ok(Vec::new());
    }
    let known = known(app, today)?;
    let oldest = today.checked_sub_days(Days::new(CATCH_UP_DAYS)).unwrap_or(today);
    let from = |planned: &Planned| {
        let since = known.since.get(planned.job.name).copied().unwrap_or(today);
        let after = known.floor.get(planned.job.name).and_then(NaiveDate::succ_opt);
        since.max(oldest).max(after.unwrap_or(oldest))
    };
    let on = || timetable.jobs().iter().filter(|planned| !planned.off);
    let by_day = || on().filter(|planned| planned.job.missed != Missed::Often);
    let first = by_day().map(from).min().unwrap_or(today);
    let rows = app.db.read(|db| store::since(db, first))?;
    let mut runs: HashMap<&str, HashMap<NaiveDate, &Run>> = HashMap::new();
    for run in &rows {
        runs.entry(&run.job).or_default().insert(run.planned_for, run);
    }
    let none = HashMap::new();
    let mut found = Vec::new();
    let mut floors = Vec::new();
    for planned in by_day() {
        let own = runs.get(planned.job.name).unwrap_or(&none);
        let Found { next, floor } = next_day(planned, own, from(planned), now);
        floors.extend(floor.map(|floor| (planned.job.name, floor)));
        let Some((day, planned_at)) = next else { continue };
        let seen = own.get(&day).copied();
        if seen.is_none_or(|run| is_free(run, now)) {
            let (planned, seen) = (planned.clone(), seen.cloned());
            found.push(Due { planned, day, planned_at, seen });
        }
    }
    found.sort_by_key(|due| (due.day, due.planned_at));
    for planned in on().filter(|planned| planned.job.missed == Missed::Often) {
        let seen = runs.get(planned.job.name).and_then(|own| own.get(&OFTEN)).copied();
        if let Some(planned_at) = often(planned, seen, now) {
            let (planned, seen) = (planned.clone(), seen.cloned());
            found.push(Due { planned, day: today, planned_at, seen });
        }
    }
    if let Ok(mut known) = timetable.known.lock() {
        known.floor.extend(floors);
    }
    Ok(found)
}

/// A job by the day that has still something to make up for, runs, or waits for its next try.
pub fn unfinished(app: &App, now: NaiveDateTime) -> AppResult<Option<Job>> {
    let timetable = &Timetable::of(app);
    let today = day_of(now.and_utc());
    let since = &known(app, today)?.since;
    let oldest = today.checked_sub_days(Days::new(CATCH_UP_DAYS)).unwrap_or(today);
    let rows = app.db.read(|db| store::since(db, oldest))?;
    let by_day = |planned: &&Planned| !planned.off && planned.job.missed != Missed::Often;
    let has_left = |planned: &&Planned| {
        let own = rows.iter().filter(|run| run.job == planned.job.name);
        let own: HashMap<NaiveDate, &Run> = own.map(|run| (run.planned_for, run)).collect();
        let from = since.get(planned.job.name).copied().unwrap_or(today).max(oldest);
        next_day(planned, &own, from, now).next.is_some()
    };
    let mut found = timetable.jobs().iter().filter(by_day).filter(has_left);
    Ok(found.next().map(|planned| planned.job))
}

/// What is remembered, right for today: a clock set back makes later knowledge void.
fn known(app: &App, today: NaiveDate) -> AppResult<Known> {
    let timetable = &Timetable::of(app);
    let mut known =
        timetable.known.lock().map_err(|_| AppError::broken("the timetable is poisoned"))?.clone();
    known.floor.retain(|_, day| *day <= today);
    let complete = timetable
        .jobs()
        .iter()
        .all(|planned| known.since.get(planned.job.name).is_some_and(|day| *day <= today));
    if !complete {
        let names: Vec<&'static str> =
            timetable.jobs().iter().map(|planned| planned.job.name).collect();
        known.since = app.db.write("jobs first seen", |db| {
            let mut since = HashMap::with_capacity(names.len());
            for name in &names {
                let key = format!("job_since:{name}");
                let stored: Option<NaiveDate> =
                    meta::get(db, &key)?.and_then(|text| text.parse().ok());
                let day = match stored.filter(|day| *day <= today) {
                    Some(day) => day,
                    None => {
                        meta::set(db, &key, &today.to_string())?;
                        today
                    }
                };
                since.insert(*name, day);
            }
            Ok(since)
        })?;
    }
    if let Ok(mut cached) = timetable.known.lock() {
        cached.clone_from(&known);
    }
    Ok(known)
}
