//! `zhuxue job list` and `zhuxue job run NAME --for DAY`.

use std::io::Write;

use chrono::NaiveDate;
use clap::Subcommand;

use super::CliError;
use crate::app::App;
use crate::base::dates::{Clock, local};
use crate::book::audit_log::Actor;
use crate::clock::Timetable;
use crate::clock::{self, Line, RunState};
use crate::plumbing::config::Config;

/// Jobs: what happens by the clock.
#[derive(Clone, Debug, Subcommand)]
pub enum Job {
    /// Lists the jobs with their times, their last run and their next.
    List,
    /// Runs one now, also when it ran before; prints what it did.
    Run {
        /// Its name: close_day.
        name: String,
        /// For which day, not later than today; today without it.
        #[arg(long = "for", value_name = "YYYY-MM-DD")]
        day: Option<NaiveDate>,
    },
}

impl Job {
    /// Runs it.
    ///
    /// # Errors
    /// Exit code 1 when the job failed, 2 for an unknown name or a day to come.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = super::open(config, Clock::real())?;
        match self {
            Job::List => list(&app, out),
            Job::Run { name, day } => run(&app, &name, day, out),
        }
    }
}

/// The width of the names; times and states follow in columns.
fn list(app: &App, out: &mut dyn Write) -> Result<(), CliError> {
    let now = app.clock.now_at();
    let (lines, paused) = app.db.read(|db| {
        let mut paused = Vec::new();
        for job in Timetable::of(app).jobs() {
            paused.push(clock::pause::offices_without(db, job.job.name)?);
        }
        Ok((clock::lines(app, db, now)?, paused))
    })?;
    for (line, paused) in lines.iter().zip(paused) {
        let job = line.planned.job;
        let cron = line.planned.times.to_string();
        let next = match line.next_at {
            Some(at) => local(at).format("%Y-%m-%d %H:%M").to_string(),
            None => "never (off)".to_owned(),
        };
        let pauses = if paused.is_empty() {
            String::new()
        } else {
            format!("  paused by {}", paused.join(" "))
        };
        let (name, last, words) = (job.name, last_of(line), job.words);
        writeln!(out, "{name:<30} {cron:<20} last {last:<34} next {next:<16} {words}{pauses}")?;
    }
    Ok(())
}

fn last_of(line: &Line) -> String {
    let Some(run) = &line.last else { return "never".to_owned() };
    let at = local(run.ended_at.unwrap_or(run.started_at)).format("%Y-%m-%d %H:%M");
    match run.state {
        RunState::Done => format!("{at} done {}", run.done_count),
        other => format!("{at} {}", other.as_text()),
    }
}

fn run(app: &App, name: &str, day: Option<NaiveDate>, out: &mut dyn Write) -> Result<(), CliError> {
    if Timetable::of(app).find(name).is_none() {
        let known: Vec<&str> = Timetable::of(app).jobs().iter().map(|one| one.job.name).collect();
        return Err(CliError::input(format!("no job {name:?}; known: {}", known.join(", "))));
    }
    let today = app.clock.today();
    let day = day.unwrap_or(today);
    if day > today {
        return Err(CliError::input(format!(
            "--for {day}: the day has not come yet (today is {today})"
        )));
    }
    let ran = clock::run_now(app, name, day, &Actor::program("zhuxue job run", ""))?;
    match ran.outcome {
        Ok(counts) => {
            let ms = ran.took.as_millis();
            writeln!(
                out,
                "{name} for {day}: {} done, {} skipped, {} failed, {ms} ms",
                counts.done, counts.skipped, counts.failed
            )?;
            if !counts.note.is_empty() {
                writeln!(out, "{}", counts.note)?;
            }
            Ok(())
        }
        Err(problem) => Err(CliError::failed(format!("{name} for {day}: {problem}"))),
    }
}
