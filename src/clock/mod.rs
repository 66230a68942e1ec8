//! Runs what `jobs/` declares, in Asia/Shanghai: each (job, day) once, by whichever program
//! instance claims it first, again after a failure, and later when the machine was off.
//!
//! `due.rs` decides what is due (pure), `store.rs` claims and settles runs in the table `job_run`,
//! `attempt.rs` does one run under a lease, `background.rs` goes on while the program serves.
//! The machine's time zone is never asked. A job must never rely on being run only once: it asks
//! what is missing.

mod attempt;
mod background;
mod drive;
mod due;
pub mod go_on;
mod overview;
pub mod pause;
pub mod settings;
mod store;
mod when;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;

use crate::app::App;
use crate::base::hex::hex;
use crate::error::AppResult;
use crate::plumbing::config::JobConfig;

pub use attempt::{ATTEMPTS_MAX, LEASE_S, Ran};
pub use background::serve;
pub use drive::{next_planned, run_due, run_now};
pub use due::{Due, due, unfinished};
pub use overview::{Lag, Line, lags, lines, runs_of};
pub use store::{Claim, Run, RunState, claim, finish_run, forget_before, interrupt_all, renew};
pub use when::Times;

/// Something that happens by the clock. Each file of `jobs/` declares one.
#[derive(Clone, Copy)]
pub struct Job {
    /// The name on the command line, in the configuration and in the table `job_run`.
    pub name: &'static str,
    /// The name on pages: 发还款提醒.
    pub words: &'static str,
    /// When, in Asia/Shanghai: second minute hour day month weekday (names of weekdays only).
    pub cron: &'static str,
    /// What happens when the machine was off at the time.
    pub missed: Missed,
    /// What it does for a day. Asks which rows should have something and do not, so that a second
    /// run changes nothing; a few hundred rows a write; one row's failure never stops the rest.
    pub run: fn(&App, NaiveDate) -> AppResult<Counts>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Job").field(&self.name).finish()
    }
}

/// What happens to runs whose time passed while the machine was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Every day is made up for, in order.
    EachDay,
    /// Only the last day is.
    Latest,
    /// Runs every few minutes: there is nothing to make up for, and one row tells the last run.
    Often,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows something was done to.
    pub done: u64,
    /// Rows that were looked at and left alone.
    pub skipped: u64,
    /// Rows that failed; the run itself goes on.
    pub failed: u64,
    /// One Chinese sentence for the history of the job, may be empty.
    pub note: String,
}

/// A job with the times it really has here.
#[derive(Clone, Debug)]
pub struct Planned {
    pub job: Job,
    /// Its times, by the configuration or its own.
    pub times: Times,
    /// Switched off by the configuration.
    pub off: bool,
}

/// The jobs of this program instance, and what it knows of them: one for each instance, kept in
/// its `App` as shared state. Without [`set`] there are none.
#[derive(Debug, Default)]
pub struct Timetable {
    jobs: Vec<Planned>,
    /// Names this instance in a lease.
    holder: String,
    stopping: AtomicBool,
    /// What runs in this instance now.
    running: Mutex<HashSet<&'static str>>,
    known: Mutex<Known>,
}

/// What need not be asked again at each look.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The day on which each job was first seen: nothing before it is made up for.
    since: HashMap<&'static str, NaiveDate>,
    /// Every day up to this one is settled.
    floor: HashMap<&'static str, NaiveDate>,
}

/// Gives an instance its jobs, with what its configuration changes.
///
/// # Errors
/// As [`Timetable::new`].
pub fn set(app: &App, jobs: &[Job]) -> Result<(), String> {
    app.shared.set(Timetable::new(jobs, &app.config.jobs)?);
    Ok(())
}

impl Timetable {
    /// The one of this instance.
    pub fn of(app: &App) -> Arc<Timetable> {
        app.shared.get()
    }

    /// The timetable of these jobs, with what the configuration changes.
    ///
    /// # Errors
    /// A cron text that cannot be read, with the job's name. (The configuration was checked when
    /// it was read; this is for a fault in a job file.)
    pub fn new(jobs: &[Job], config: &BTreeMap<String, JobConfig>) -> Result<Timetable, String> {
        let mut holder = [0_u8; 8];
        getrandom::fill(&mut holder).map_err(|e| format!("no randomness: {e}"))?;
        let mut planned = Vec::with_capacity(jobs.len());
        for job in jobs {
            let own = config.get(job.name);
            let cron = own.and_then(|own| own.cron.as_deref()).unwrap_or(job.cron);
            let times = Times::parse(cron).map_err(|e| format!("job {}: {e}", job.name))?;
            planned.push(Planned { job: *job, times, off: own.is_some_and(|own| own.off) });
        }
        Ok(Timetable {
            jobs: planned,
            holder: hex(&holder),
            stopping: AtomicBool::new(false),
            running: Mutex::default(),
            known: Mutex::default(),
        })
    }

    /// Every job, in the order of `jobs::ALL`.
    pub fn jobs(&self) -> &[Planned] {
        &self.jobs
    }

    /// The job of this name.
    pub fn find(&self, name: &str) -> Option<&Planned> {
        self.jobs.iter().find(|planned| planned.job.name == name)
    }

    /// No further run is begun; those that run may end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// True after [`Timetable::stop`].
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// True while this instance runs the job.
    pub fn is_running(&self, name: &str) -> bool {
        self.running.lock().is_ok_and(|running| running.contains(name))
    }
}
