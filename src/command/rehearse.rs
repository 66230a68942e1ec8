//! `zhuxue rehearse --from DAY --to DAY`: what the coming months would be like. Copies the
//! database into a temporary folder and lives through the days there, with the real jobs, a clock
//! of its own and gateways that take everything and pass nothing on. The county's database is
//! only read; nothing leaves the machine.
//!
//! Not rehearsed: copies of the copy, and the nightly check of the books, which runs once at the
//! end. A message is not put into a file of its own as by the spool: waiting for the disk after
//! each would cost more than the rest of the year; its text is in the copy.
//!
//! With `--students` a season is rehearsed: students come to the counter, are served by two of the
//! office's people, and are paid in November.
//!
//! Families pay in the rehearsal as they mostly do: a share of them (`--paying`), on days spread
//! over the window before each due day, always the same ones. The table is for a clerk to read,
//! so it is in Chinese.

mod bank;
mod copy;
mod counter;
mod days;
mod first;
mod payments;
mod tally;

use std::io::Write;
use std::sync::Arc;

use chrono::{Days as Span, NaiveDate};
use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::{Clock, starts_at};
use crate::base::ids::LoanId;
use crate::base::language::cause;
use crate::base::scope::Scope;
use crate::book::{office, position, verify};
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::db::Database;
use crate::plumbing::gateway::{Gateway, Gateways, Line, LineConfig, Outcome, Outgoing};
use crate::site;

/// Loans computed anew in one write.
const AT_ONCE: i64 = 1_000;

/// Jobs that make no sense in a copy that is thrown away.
const NOT_REHEARSED: [&str; 3] = ["back_up", "check_books", "take_up_imports"];

/// Longest span: three years.
const DAYS_MAX: i64 = 3 * 366;

/// Runs a copy of the database day by day and prints what would happen.
#[derive(Clone, Copy, Debug, Args)]
pub struct Rehearse {
    /// The first day.
    #[arg(long, value_name = "DAY")]
    pub from: NaiveDate,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub to: NaiveDate,
    /// Of a thousand families, how many pay what is asked by the due day.
    #[arg(long, value_name = "N", default_value_t = 970,
          value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub paying: u32,
    /// So many students borrow for the first time in each summer window of the rehearsal's first
    /// year: from the counter to the money.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub students: u32,
    /// Takes the overdue list of this day in both its orders, by day and "who first", and compares
    /// what the first of each have paid thirty days later.
    #[arg(long, value_name = "DAY")]
    pub first_on: Option<NaiveDate>,
    /// Prints days on which nothing happens, too.
    #[arg(long)]
    pub all_days: bool,
}

impl Rehearse {
    /// Copies, lives through the days, prints.
    ///
    /// # Errors
    /// Exit code 2 for a span that is none; 1 when the copy cannot be made or a day breaks.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let days = (self.to - self.from).num_days();
        if !(0..DAYS_MAX).contains(&days) {
            return Err(CliError::input(localized!(
                "--from、--to：应为先后两天，相隔不超过三年，例如 --from 2026-12-01 --to 2027-12-31",
                "--from, --to: expected a first day and a later last day, at most three years \
                 apart, such as --from 2026-12-01 --to 2027-12-31"
            )));
        }
        let last = self.first_on.map(|on| on + Span::new(first::DAYS));
        if self.first_on.is_some_and(|on| on < self.from) || last.is_some_and(|day| day > self.to) {
            return Err(CliError::input(localized!(
                "--first-on：应为演练当中的一天，其后至少还有三十天",
                "--first-on: expected a day of the rehearsal with thirty days behind it"
            )));
        }
        let app = super::open(config, Clock::real())?;
        self.of(&app, out)
    }

    /// The same of an open database.
    ///
    /// # Errors
    /// As [`Rehearse::run`].
    pub fn of(self, app: &App, out: &mut dyn Write) -> Result<(), CliError> {
        let folder = Folder::new()?;
        let copy = self.copy_of(app, &folder)?;
        let days = days::Days {
            from: self.from,
            to: self.to,
            paying: self.paying,
            first_on: self.first_on,
            students: self.students,
        };
        days.live(&copy, self.all_days, out)
    }

    fn copy_of(self, app: &App, folder: &Folder) -> Result<App, CliError> {
        let file = folder.0.join("rehearsal.db");
        copy::make(&app.db, &file)?;
        let mut config = Config {
            data_dir: folder.0.clone(),
            database_url: format!("sqlite:{}", file.display()),
            ..(*app.config).clone()
        };
        config.mail.gateway = "spool".to_owned();
        config.sms.gateway = "spool".to_owned();
        for job in NOT_REHEARSED {
            config.jobs.entry(job.to_owned()).or_default().off = true;
        }
        let db = Database::open_scratch(&config.database(), config.database_connections)
            .map_err(CliError::failed)?;
        let clock = Clock::starting_on(self.from);
        clock.set_at(starts_at(self.from));
        let (policy, sealer) = (app.rules.files().clone(), app.sealer.clone());
        let mut copy = site::app(db, clock, policy, sealer, config).map_err(CliError::failed)?;
        copy.follow_rules()?;
        copy.parts.gateways = Arc::new(Gateways::with(line(), line()));
        compute_anew(&copy)?;
        Ok(copy)
    }
}

/// A gateway that takes everything.
struct TakesAll;

impl Gateway for TakesAll {
    fn name(&self) -> &'static str {
        "rehearsal"
    }

    fn send(&self, out: &Outgoing) -> Outcome {
        Outcome::Taken(out.id.to_string())
    }

    fn repeat_is_harmless(&self) -> bool {
        true
    }
}

fn line() -> Line {
    let config = LineConfig { per_second: 0, in_flight: 1, batch: 500, lease_s: 300, tries: 1 };
    Line::new(Some(Box::new(TakesAll)), config)
}

/// The copied positions are of the day they were computed for; the rehearsal may begin earlier.
fn compute_anew(app: &App) -> Result<(), CliError> {
    let today = app.clock.today();
    for office in app.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        let mut after = LoanId::new(0);
        loop {
            let ids = app.db.read(|db| verify::next_loans(db, &scope, after, AT_ONCE))?;
            let Some(last) = ids.last().copied() else { break };
            app.db.write("rehearse from", |db| {
                position::refresh(db, &scope, &app.basis(), &ids, today)
            })?;
            after = last;
        }
    }
    Ok(())
}

/// A temporary folder, gone at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Folder, CliError> {
        let name = crate::base::hex::random_hex(6)?;
        let path = std::env::temp_dir().join(format!("zhuxue-rehearsal-{name}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|e| {
            CliError::failed(localized!(
                "{}：建不了文件夹（{e}）",
                "{}: cannot be made ({e})",
                path.display(),
                e = cause(&e)
            ))
        })?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "could not be removed");
        }
    }
}
