//! The command line. Each command is a file with a clap struct and its `run`: read, ask the
//! library, write to `out`, or [`CliError`] with one line.
//!
//! To add a command: a file here, a variant of [`Command`], an arm in [`run`].
//! Exit codes: 0 done; 1 could not (database, disk, port); 2 wrong input or configuration.

pub mod serve;
pub mod demo;
pub mod verify;
pub mod restore;
pub mod office;
pub mod user;
pub mod import;
pub mod import_undo;
pub mod statement;
pub mod journal;
pub mod worksheets;
pub mod rehearse;
pub mod job;
pub mod bench;
mod keys;
mod visit;
pub mod help;
pub mod mistake;

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::base::dates::Clock;
use crate::base::language::cause;
use crate::book::audit_log::Heads;
use crate::book::notice::own_texts;
use crate::book::policy::Policy;
use crate::error::AppError;
use crate::jobs;
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::{Address, Database};
use crate::plumbing::{logs, meta};
use crate::site;

/// 助学: origin-place student credit loans of a county student-aid centre.
#[derive(Debug, Parser)]
#[command(name = "zhuxue", version)]
pub struct Cli {
    /// Configuration file; without it zhuxue.toml when there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the web server.
    Serve(serve::Serve),
    /// Shows a whole county of invented loans in a browser.
    Demo(demo::Demo),
    /// Recomputes every position and the history chain; prints what differs.
    Verify(verify::Verify),
    /// Puts a backup in the place of the database, or rehearses that.
    Restore(restore::Restore),
    /// Sets up an office, or lists them.
    #[command(subcommand)]
    Office(office::Office),
    /// Accounts of staff: add, list, disable, enable, set a password.
    #[command(subcommand)]
    User(user::User),
    /// Imports sheets, recognised by their headings.
    Import(import::Import),
    /// Computes the statement of one contract from its terms and events.
    Statement(statement::Statement),
    /// Writes the whole ledger as plain-text double entry.
    Journal(journal::Journal),
    /// Writes the overdue follow-up worksheets, one workbook for each receiver.
    Worksheets(worksheets::Worksheets),
    /// Runs a copy of the database day by day and prints what would happen.
    Rehearse(rehearse::Rehearse),
    /// Lists what happens by the clock, or runs one of it now.
    #[command(subcommand)]
    Job(job::Job),
    /// Measures speed and memory on data of its own.
    Bench(bench::Bench),
}

/// Runs the command. What it prints goes to `out`; why it stopped is in the error.
pub fn run(cli: Cli, out: &mut dyn Write) -> Result<(), CliError> {
    let read = |log: Option<&str>| {
        let mut config = Config::read(cli.config.as_deref(), std::env::vars(), jobs::mistakes)
            .map_err(|e| CliError::input(e.to_string()))?;
        if let Some(log) = log {
            config.log = log.to_owned();
        }
        logs::start(&config).map_err(CliError::input)?;
        Ok::<Config, CliError>(config)
    };
    let config = || read(None);
    match cli.command {
        Command::Serve(command) => command.run(config()?, out),
        Command::Demo(command) => command.run(config()?, out),
        Command::Verify(command) => command.run(config()?, out),
        Command::Restore(command) => command.run(config()?, out),
        Command::Office(command) => command.run(config()?, out),
        Command::User(command) => command.run(config()?, out),
        Command::Import(command) => command.run(config()?, out),
        Command::Statement(command) => command.run(out),
        Command::Journal(command) => command.run(config()?, out),
        Command::Worksheets(command) => command.run(config()?, out),
        Command::Rehearse(command) => command.run(read(Some("error"))?, out),
        Command::Job(command) => command.run(config()?, out),
        Command::Bench(command) => command.run(out),
    }
}

/// Why a command stopped: one line for the person who typed it, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// 1 or 2; see the head of this file.
    pub code: u8,
    /// What is wrong and what to do.
    pub line: String,
}

impl CliError {
    /// Could not: database, disk, port. Exit code 1.
    pub fn failed(line: impl Into<String>) -> CliError {
        CliError { code: 1, line: line.into() }
    }

    /// Wrong input or configuration. Exit code 2.
    pub fn input(line: impl Into<String>) -> CliError {
        CliError { code: 2, line: line.into() }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> CliError {
        CliError::failed(localized!("输出：{error}", "output: {error}"))
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> CliError {
        match error {
            AppError::Refused(_) | AppError::Invalid(_) => CliError::input(error.to_string()),
            other => CliError::failed(other.to_string()),
        }
    }
}

/// Opens everything a command needs: folder, database (brought up to date), keys. Says in one
/// line what is wrong, before anything was written.
pub fn open(config: Config, clock: Clock) -> Result<App, CliError> {
    if let Ok(Address::Sqlite(file)) = Address::parse(&config.database())
        && !file.exists()
    {
        return Err(CliError::input(localized!(
            "数据库 {}：不存在；请检查 data_dir 和当前文件夹，或用 zhuxue office add 新建（想先看看，可以运行 zhuxue demo）",
            "database {}: is not there; check data_dir and where you are, or set up a new one \
             with: zhuxue office add (or look around with: zhuxue demo)",
            file.display()
        )));
    }
    open_or_make(config, clock)
}

/// As [`open`]; makes folder, database and keys when there are none yet.
pub fn open_or_make(config: Config, clock: Clock) -> Result<App, CliError> {
    let folder = &config.data_dir;
    std::fs::create_dir_all(folder).map_err(|e| {
        CliError::failed(localized!(
            "data_dir {}：建不了文件夹（{e}）",
            "data_dir {}: cannot be made ({e})",
            folder.display(),
            e = cause(&e)
        ))
    })?;
    let db = Database::open(&config.database(), config.database_connections)
        .map_err(CliError::failed)?;
    db.migrate().map_err(CliError::failed)?;
    let key_file = config.keys();
    let sealed_with = db.read(|db| meta::get(db, meta::KEY_FINGERPRINT))?;
    if sealed_with.is_some() && !key_file.exists() {
        return Err(CliError::failed(localized!(
            "密钥文件 {}：不见了，这个数据库是用它加密的；请把备份的密钥文件放回来",
            "key file {}: is missing, and this database is sealed with it; put your copy back",
            key_file.display()
        )));
    }
    let sealer = Sealer::from_file(&key_file, config.sealing).map_err(CliError::failed)?;
    keys::check(&db, &sealer, &key_file)?;
    if !Heads::beside(&key_file).are_known() {
        keys::seal_accounts(&db, &sealer)?;
    }
    let policy = Policy::load(config.policy_dir.as_deref())
        .map_err(|error| CliError::input(error.to_string()))?;
    let app = site::app(db, clock, policy, sealer, config).map_err(CliError::failed)?;
    app.follow_rules()?;
    own_texts::follow(&app)?;
    Ok(app)
}
