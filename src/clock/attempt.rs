//! One run of a job: claimed, kept alive while it goes on, settled. A run that fails is tried
//! again after growing waits, and given up in the end: then a red line stands on the workbench
//! until the job goes well again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration as Span, Instant};

use chrono::{Duration, NaiveDate, NaiveDateTime};

use super::due::Due;
use super::store::{self, Claim, End, OFTEN, RunState};
use super::{Counts, Planned, Timetable};
use crate::app::App;
use crate::base::dates::in_words;
use crate::book::audit_log::{self, Actor, AuditEntry};
use crate::book::office;
use crate::book::warning::{self, Warning};
use crate::error::AppResult;

/// How long a run belongs to an instance that gives no sign of life, in seconds.
pub const LEASE_S: i64 = 120;

/// How often a running job gives a sign of life.
const BEAT: Span = Span::from_secs(30);

/// Tries before a run is given up.
pub const ATTEMPTS_MAX: i32 = 7;

/// The waits after each failed try: together about ten hours.
const WAITS_MIN: [i64; 6] = [1, 5, 15, 60, 180, 360];

/// The same for a job that runs every few minutes, in seconds.
const OFTEN_WAITS_S: [i64; 6] = [5, 15, 30, 60, 120, 300];

/// Characters of a problem that are kept.
const PROBLEM_CHARS: usize = 400;

/// What the line on the workbench is filed under.
const WARNING: &str = "job";

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub job: &'static str,
    pub day: NaiveDate,
    /// What it did, or what went wrong.
    pub outcome: Result<Counts, String>,
    /// It failed and is not tried again by itself.
    pub gave_up: bool,
    /// How long it took.
    pub took: Span,
}

/// Marks a job as running in this instance, until dropped.
struct Place<'a> {
    timetable: &'a Timetable,
    job: &'static str,
}

impl<'a> Place<'a> {
    fn take(timetable: &'a Timetable, job: &'static str) -> Option<Place<'a>> {
        let free = timetable.running.lock().is_ok_and(|mut running| running.insert(job));
        free.then_some(Place { timetable, job })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Ok(mut running) = self.timetable.running.lock() {
            running.remove(self.job);
        }
    }
}

/// Claims and runs what is due. None: somebody else has it.
pub(super) fn run(app: &App, due: &Due) -> AppResult<Option<Ran>> {
    let went_well = due.seen.as_ref().is_none_or(|run| run.state == RunState::Done);
    let before = due.seen.as_ref().filter(|_| !went_well).map_or(0, |run| run.attempts);
    run_as(app, due, before.saturating_add(1))
}

/// The same for somebody who asked for it: it counts as the first try.
pub(super) fn by_hand(app: &App, due: &Due) -> AppResult<Option<Ran>> {
    run_as(app, due, 1)
}

fn run_as(app: &App, due: &Due, attempts: i32) -> AppResult<Option<Ran>> {
    let job = due.planned.job;
    let timetable = Timetable::of(app);
    let Some(_place) = Place::take(&timetable, job.name) else { return Ok(None) };
    let key = if due.is_often() { OFTEN } else { due.day };
    let at = app.clock.now_at();
    let claim = Claim {
        by: timetable.holder.clone(),
        at,
        until: at + Duration::seconds(LEASE_S),
        attempts,
    };
    let seen = due.seen.as_ref();
    if !app.db.write("job claim", |db| store::claim(db, job.name, key, seen, &claim))? {
        return Ok(None);
    }
    let began = Instant::now();
    // Its holder died in it again and again: it would go on forever.
    let died = attempts > ATTEMPTS_MAX && seen.is_some_and(|run| run.state == RunState::Running);
    let outcome = if died {
        Err("每次都在运行中中断".to_owned())
    } else {
        kept_alive(app, job.name, key, &claim, || (job.run)(app, due.day))
    };
    let ran = Ran {
        job: job.name,
        day: due.day,
        gave_up: outcome.is_err() && attempts >= ATTEMPTS_MAX,
        outcome,
        took: began.elapsed(),
    };
    // A job that runs every few seconds and went well the last time has left no line to clear.
    let may_have_line = !due.is_often() || seen.is_some_and(|run| run.state != RunState::Done);
    finish_run(app, due, key, &claim, &ran, may_have_line)?;
    Ok(Some(ran))
}

/// Runs the job in this thread while another renews its lease.
fn kept_alive(
    app: &App,
    job: &'static str,
    key: NaiveDate,
    claim: &Claim,
    work: impl FnOnce() -> AppResult<Counts>,
) -> Result<Counts, String> {
    let (end, ended) = mpsc::channel::<()>();
    let beat = move || {
        while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            let until = app.clock.now_at() + Duration::seconds(LEASE_S);
            match app.db.write("job lease", |db| store::renew(db, job, key, claim, until)) {
                Ok(true) => {}
                Ok(false) => tracing::error!(job, "the lease of a running job was lost"),
                Err(error) => tracing::warn!(job, %error, "a lease could not be renewed"),
            }
        }
    };
    std::thread::scope(|scope| {
        let beats = std::thread::Builder::new().name("job lease".to_owned());
        if let Err(error) = beats.spawn_scoped(scope, beat) {
            tracing::error!(job, %error, "no thread to renew a lease");
        }
        let result = catch_unwind(AssertUnwindSafe(work));
        drop(end);
        match result {
            Ok(Ok(counts)) => Ok(counts),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the job panicked; the log says where".to_owned()),
        }
    })
}

fn wait_after(attempts: i32, is_often: bool) -> Duration {
    let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    if is_often {
        let last = OFTEN_WAITS_S.last().copied().unwrap_or(300);
        Duration::seconds(OFTEN_WAITS_S.get(at).copied().unwrap_or(last))
    } else {
        let last = WAITS_MIN.last().copied().unwrap_or(360);
        Duration::minutes(WAITS_MIN.get(at).copied().unwrap_or(last))
    }
}

fn finish_run(
    app: &App,
    due: &Due,
    key: NaiveDate,
    claim: &Claim,
    ran: &Ran,
    may_have_line: bool,
) -> AppResult<()> {
    let job = due.planned.job;
    let at = app.clock.now_at();
    let end = end_of(ran, at, claim.attempts, due.is_often());
    match &ran.outcome {
        // What runs every few seconds would fill the log.
        Ok(counts) if counts.failed == 0 && (counts.done == 0 || due.is_often()) => {
            tracing::debug!(job = job.name, day = %due.day, done = counts.done, "job done");
        }
        Ok(counts) => tracing::info!(
            job = job.name, day = %due.day, done = counts.done, skipped = counts.skipped,
            failed = counts.failed, ms = ran.took.as_millis(), note = counts.note, "job done"
        ),
        Err(problem) => {
            app.metrics.job_failures.with_label_values(&[job.name]).inc();
            tracing::error!(
                job = job.name, day = %due.day, attempt = claim.attempts, problem,
                gave_up = ran.gave_up, "job failed"
            );
        }
    }
    if ran.outcome.as_ref().is_ok_and(|counts| counts.done > 0) {
        app.note_change();
    }
    let line = ran.gave_up.then(|| line_of(due, at));
    let ours = app.db.write("job settled", |db| {
        if !store::finish_run(db, job.name, key, claim, &end)? {
            return Ok(false);
        }
        if line.is_none() && !(ran.outcome.is_ok() && may_have_line) {
            return Ok(true);
        }
        for office in office::all(db)? {
            match &line {
                Some(line) => {
                    warning::raise(db, &Warning { office_code: office.code, ..line.clone() })?;
                }
                None => {
                    warning::clear(db, &office.code, WARNING, job.name)?;
                }
            }
        }
        Ok(true)
    })?;
    if !ours {
        tracing::error!(job = job.name, "a run ended after its lease; somebody else has it");
    }
    Ok(())
}

fn end_of(ran: &Ran, at: NaiveDateTime, attempts: i32, is_often: bool) -> End {
    let next = || at + wait_after(attempts, is_often);
    match &ran.outcome {
        Ok(counts) => End {
            state: RunState::Done,
            at,
            counts: counts.clone(),
            problem: String::new(),
            next_try_at: None,
        },
        Err(problem) => End {
            state: if ran.gave_up { RunState::GaveUp } else { RunState::Failed },
            at,
            counts: Counts::default(),
            problem: problem.chars().take(PROBLEM_CHARS).collect(),
            // What runs every few minutes is never left alone for good.
            next_try_at: (!ran.gave_up || is_often).then(next),
        },
    }
}

/// The red line of a run that was given up.
fn line_of(due: &Due, at: NaiveDateTime) -> Warning {
    let job = due.planned.job;
    let title = if due.is_often() {
        format!("“{}”一直失败", job.words)
    } else {
        format!("{}的“{}”失败", in_words(due.day, due.day), job.words)
    };
    Warning {
        office_code: String::new(),
        kind: WARNING.to_owned(),
        key: job.name.to_owned(),
        level: "bad".to_owned(),
        title,
        advice: format!("试了 {ATTEMPTS_MAX} 次。请主任或管理员打开定时任务，看原因，再运行一次"),
        url: format!("/admin/jobs/{}", job.name),
        due_on: None,
        since: at,
        seen_at: at,
    }
}

/// Writes into the history that somebody ran a job: for their office, or, when nobody is signed
/// in (the command line), for every office.
pub(super) fn note(app: &App, planned: &Planned, ran: &Ran, by: &Actor) -> AppResult<()> {
    let offices = match by.staff_id {
        Some(_) => vec![by.office_code.clone()],
        None => app.db.read(office::all)?.into_iter().map(|office| office.code).collect(),
    };
    let what = match &ran.outcome {
        Ok(counts) => {
            format!("办理 {}，跳过 {}，失败 {}", counts.done, counts.skipped, counts.failed)
        }
        Err(_) => "失败".to_owned(),
    };
    let words = planned.job.words;
    let summary = format!("运行“{words}”（{}）：{what}", ran.day);
    let notes: Vec<(i64, Actor)> = offices
        .into_iter()
        .map(|office_code| (app.next_id(), Actor { office_code, ..by.clone() }))
        .collect();
    let at = app.clock.now_at();
    app.db.write("job run by hand", |db| {
        for (id, by) in &notes {
            let note = AuditEntry::of("job_run", words, summary.clone());
            audit_log::append(db, by, *id, at, note)?;
        }
        Ok(())
    })
}
