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
use crate::localized;
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
            None => localized!("不运行（已停）", "never (off)"),
        };
        let pauses = if paused.is_empty() {
            String::new()
        } else {
            localized!("　已暂停：{}", "  paused by {}", paused.join(" "))
        };
        let (name, last, words) = (job.name, last_of(line), job.words);
        let line = localized!(
            "{name:<30} {cron:<20} 上次 {last:<30} 下次 {next:<16} {words}{pauses}",
            "{name:<30} {cron:<20} last {last:<34} next {next:<16} {words}{pauses}"
        );
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn last_of(line: &Line) -> String {
    let Some(run) = &line.last else { return localized!("没有运行过", "never") };
    let at = local(run.ended_at.unwrap_or(run.started_at)).format("%Y-%m-%d %H:%M");
    match run.state {
        RunState::Done => localized!("{at} 办理 {}", "{at} done {}", run.done_count),
        RunState::Running => localized!("{at} 正在运行", "{at} running"),
        RunState::Failed => localized!("{at} 失败，会再试", "{at} failed"),
        RunState::GaveUp => localized!("{at} 失败，不再试", "{at} gave_up"),
    }
}

fn run(app: &App, name: &str, day: Option<NaiveDate>, out: &mut dyn Write) -> Result<(), CliError> {
    if Timetable::of(app).find(name).is_none() {
        let known: Vec<&str> = Timetable::of(app).jobs().iter().map(|one| one.job.name).collect();
        return Err(CliError::input(localized!(
            "没有任务 {name:?}；有这些：{}",
            "no job {name:?}; known: {}",
            known.join(", ")
        )));
    }
    let today = app.clock.today();
    let day = day.unwrap_or(today);
    if day > today {
        return Err(CliError::input(localized!(
            "--for {day}：这一天还没有到（今天是 {today}）",
            "--for {day}: the day has not come yet (today is {today})"
        )));
    }
    let ran = clock::run_now(app, name, day, &Actor::program("zhuxue job run", ""))?;
    match ran.outcome {
        Ok(counts) => {
            let ms = ran.took.as_millis();
            let line = localized!(
                "{name}，{day}：办理 {}，跳过 {}，失败 {}，用了 {ms} 毫秒",
                "{name} for {day}: {} done, {} skipped, {} failed, {ms} ms",
                counts.done,
                counts.skipped,
                counts.failed
            );
            writeln!(out, "{line}")?;
            if !counts.note.is_empty() {
                writeln!(out, "{}", counts.note)?;
            }
            Ok(())
        }
        Err(problem) => Err(CliError::failed(localized!(
            "{name}，{day}：{problem}",
            "{name} for {day}: {problem}"
        ))),
    }
}
