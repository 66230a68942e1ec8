//! `zhuxue bench [--loans N] [--database URL] [--only NAME]`: what speed and memory we promise,
//! measured on this machine with data of its own, each figure beside a raw limit measured in the
//! same run. Prints one table; asserts nothing, for a busy machine is no defect of the program.
//!
//! Touches no database of the county: everything lives in a temporary folder (SQLite), and with
//! `--database` in a new database of that server, both removed at the end.

mod batch;
mod books;
mod borrower;
mod client;
mod copies;
mod counter;
mod data;
mod follow_up;
mod imports;
mod load;
mod machine;
mod matching;
mod nightly;
mod page;
mod place;
mod raw;
mod round;
mod server;
mod reminders;
mod sending;
mod sheets;
mod statements;
mod table;

use std::io::Write;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::CliError;
use crate::plumbing::config::Config;
use crate::plumbing::logs;
use data::County;
use place::Place;
use table::Table;

/// Measures speed and memory on data of its own.
#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// How many contracts the nightly refresh and the pages have.
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(10..=2_000_000))]
    pub loans: u32,
    /// How many borrowers, two and a half contracts each, the follow-up has.
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(15..=1_000_000))]
    pub borrowers: u32,
    /// A PostgreSQL server to measure, too: postgres://... of a user who may create databases.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How many rows each of the two imports of the load has, and at most each compared list.
    #[arg(long, value_name = "N", default_value_t = 183_600,
          value_parser = clap::value_parser!(u32).range(10..=900_000))]
    pub rows: u32,
    /// How many clerks click meanwhile.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub clerks: u32,
    /// How many borrowers' pages a second.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub visits: u32,
    /// Seconds of rest before memory is looked at for the last time.
    #[arg(long, value_name = "S", default_value_t = 20)]
    pub rest: u32,
    /// Measures only this.
    #[arg(long, value_enum, value_name = "NAME")]
    pub only: Option<Only>,
}

/// What can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Statements and positions of a ten-year-old loan.
    Statement,
    /// The sample county, checked and posted.
    Import,
    /// The nightly refresh of all positions.
    Nightly,
    /// Due reminders for everybody: written, sent; and thirty days caught up.
    Reminders,
    /// The loan file and the borrower's home over HTTP, and the memory of the server.
    Page,
    /// The year's contacts shared out, the overdue page, workbooks, sheets that come back.
    FollowUp,
    /// Five years ahead, and ours held against the bank's, over all contracts.
    Books,
    /// A list of pay-outs: checked, frozen, its answer posted.
    Batch,
    /// Clerks, borrowers and a large import at once: how long each waits, and the memory.
    Load,
    /// The counter on a full day, and a school's candidates.
    Counter,
    /// A round of recognition from the list of pupils to its publication.
    Round,
    /// A school's roster against the lists of other offices.
    Matching,
    /// The size of the program file.
    Size,
}

impl Bench {
    /// Measures and prints a line as soon as it is known.
    ///
    /// # Errors
    /// Exit code 2 for a URL that is not PostgreSQL's; 1 when something could not be measured.
    pub fn run(self, out: &mut dyn Write) -> Result<(), CliError> {
        let config = Config { log: "warn".to_owned(), ..Config::default() };
        logs::start(&config).map_err(CliError::input)?;
        let wants = |one: Only| self.only.is_none_or(|only| only == one);
        let mut kinds = vec![place::Kind::Sqlite];
        if let Some(url) = &self.database {
            kinds.push(place::Kind::postgres(url)?);
        }
        writeln!(out, "{}", machine::described())?;
        for kind in &kinds {
            writeln!(out, "{}", kind.described()?)?;
        }
        let mut table = Table::begin(out)?;
        if wants(Only::Statement) {
            statements::measure(&mut table)?;
        }
        if wants(Only::Import) {
            for kind in &kinds {
                imports::measure(kind, &mut table)?;
            }
        }
        if wants(Only::Nightly) || wants(Only::Reminders) || wants(Only::Page) || wants(Only::Books)
        {
            for kind in &kinds {
                let place = Place::made(kind, first_day()?)?;
                data::fill(&place, County { loans: self.loans, late_one_in: 40 })?;
                if wants(Only::Page) {
                    page::measure(&place, self.loans, &mut table)?;
                }
                if wants(Only::Books) {
                    books::measure(&place, self.loans, &mut table)?;
                }
                if wants(Only::Reminders) {
                    sending::catch_up(&place, &mut table)?;
                    reminders::measure(&place, &mut table)?;
                    sending::measure(&place, &mut table)?;
                }
                if wants(Only::Nightly) {
                    nightly::measure(&place, &mut table)?;
                }
            }
        }
        if wants(Only::FollowUp) {
            for kind in &kinds {
                follow_up::measure(kind, self.borrowers, &mut table)?;
            }
        }
        if wants(Only::Batch) {
            for kind in &kinds {
                batch::measure(kind, self.loans, &mut table)?;
            }
        }
        if wants(Only::Load) {
            for kind in &kinds {
                let Bench { loans, rows, clerks, visits, rest, .. } = self;
                let size = load::Size { loans, rows, clerks, visits, rest };
                load::measure(kind, size, &mut table)?;
            }
        }
        if wants(Only::Counter) {
            for kind in &kinds {
                counter::measure(kind, self.rows, &mut table)?;
            }
        }
        if wants(Only::Round) {
            for kind in &kinds {
                round::measure(kind, &mut table)?;
            }
        }
        if wants(Only::Matching) {
            for kind in &kinds {
                matching::measure(kind, self.rows, &mut table)?;
            }
        }
        if wants(Only::Size) {
            page::program_file(&mut table)?;
        }
        Ok(())
    }
}

/// The day on which everything begins: the sample county's.
fn first_day() -> Result<NaiveDate, CliError> {
    day(2026, 10, 31)
}

fn day(year: i32, month: u32, day: u32) -> Result<NaiveDate, CliError> {
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| CliError::failed("no such day"))
}
