//! The timetable for people and monitors: every job with its last and next run, and how late it is.

use std::collections::HashMap;

use chrono::{Days, NaiveDateTime};

use super::due::next_day;
use super::store::{self, OFTEN, Run};
use super::{Missed, Planned};
use crate::app::App;
use crate::base::dates::day_of;
use crate::clock::Timetable;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// How far back the last run is looked for.
const LOOK_BACK_DAYS: u64 = 400;

/// One job as it stands.
#[derive(Clone, Debug)]
pub struct Line {
    /// The job and its times.
    pub planned: Planned,
    pub last: Option<Run>,
    /// When it is planned next (UTC); none while switched off by the configuration.
    pub next_at: Option<NaiveDateTime>,
}

/// Every job with its newest run, in the order of `jobs::ALL`.
pub fn lines(app: &App, db: &mut Db, now: NaiveDateTime) -> AppResult<Vec<Line>> {
    let today = day_of(now.and_utc());
    let from = today.checked_sub_days(Days::new(LOOK_BACK_DAYS)).unwrap_or(today);
    let mut newest: HashMap<String, Run> = HashMap::new();
    for run in store::since(db, from)? {
        let newer = newest.get(&run.job).is_none_or(|latest| latest.planned_for < run.planned_for);
        if newer {
            newest.insert(run.job.clone(), run);
        }
    }
    Ok(Timetable::of(app)
        .jobs()
        .iter()
        .map(|planned| Line {
            planned: planned.clone(),
            last: newest.remove(planned.job.name),
            next_at: if planned.off { None } else { planned.times.next_after(now) },
        })
        .collect())
}

/// The runs of one job, newest first.
pub fn runs_of(db: &mut Db, job: &str, limit: i64) -> AppResult<Vec<Run>> {
    store::of_job(db, job, limit)
}

/// How a job keeps to its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    pub job: &'static str,
    /// Seconds since the oldest run that should have been settled and is not; 0 when none.
    pub seconds: i64,
    /// When it last went well, seconds since 1970; 0 when never.
    pub last_success: i64,
}

/// How late each job is; for monitors.
pub fn lags(app: &App, db: &mut Db, now: NaiveDateTime) -> AppResult<Vec<Lag>> {
    let today = day_of(now.and_utc());
    let known = Timetable::of(app).known.lock().map(|known| known.clone()).unwrap_or_default();
    let oldest = today.checked_sub_days(Days::new(LOOK_BACK_DAYS)).unwrap_or(today);
    let rows = store::since(db, oldest)?;
    let mut successes: HashMap<String, i64> = HashMap::new();
    for (job, at) in store::last_successes(db)? {
        successes.insert(job, at.map_or(0, |at| at.and_utc().timestamp()));
    }
    let mut lags = Vec::new();
    for planned in Timetable::of(app).jobs() {
        let name = planned.job.name;
        let own: HashMap<_, &Run> =
            rows.iter().filter(|run| run.job == name).map(|run| (run.planned_for, run)).collect();
        let since = match planned.job.missed {
            _ if planned.off => None,
            Missed::Often => own.get(&OFTEN).and_then(|run| {
                let after = run.ended_at.unwrap_or(run.started_at);
                planned.times.next_after(after).filter(|at| *at <= now)
            }),
            _ => known.since.get(name).and_then(|since| {
                let from = (*since).max(oldest);
                next_day(planned, &own, from, now).next.map(|(_, at)| at)
            }),
        };
        lags.push(Lag {
            job: name,
            seconds: since.map_or(0, |at| (now - at).num_seconds().max(0)),
            last_success: successes.get(name).copied().unwrap_or(0),
        });
    }
    Ok(lags)
}
