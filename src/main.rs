//! The command line of zhuxue. Each command: read, ask the library, write, exit code.
//!
//! Exit codes: 0 done; 1 could not (file, output); 2 wrong input, with one line on standard error
//! and nothing on standard output.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use zhuxue::book::policy::Policy;
use zhuxue::book::statement::{self, file, show};

/// 助学: origin-place student credit loans of a county student-aid centre.
#[derive(Parser)]
#[command(name = "zhuxue", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Computes the statement of one contract from its terms and events.
    Statement {
        /// FILE.json with terms and events; `-` reads standard input.
        file: PathBuf,
        /// The day of the statement, such as 2046-01-01.
        #[arg(long, value_name = "DAY")]
        as_of: NaiveDate,
        /// JSON for programs instead of a table.
        #[arg(long)]
        json: bool,
        /// Folder with the county's later policy values.
        #[arg(long, value_name = "FOLDER")]
        policies: Option<PathBuf>,
    },
}

/// A failed command: its exit code and the line for standard error.
struct Failure(u8, String);

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Statement { file, as_of, json, policies } => {
            print_statement(&file, as_of, json, policies.as_deref())
        }
    };
    match outcome.and_then(|text| write_out(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(std::io::stderr(), "zhuxue: {}", line.replace('\n', " "));
            ExitCode::from(code)
        }
    }
}

fn write_out(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure(1, error.to_string()))
}

fn print_statement(
    path: &std::path::Path,
    as_of: NaiveDate,
    json: bool,
    policies: Option<&std::path::Path>,
) -> Result<String, Failure> {
    let wrong = |line: String| Failure(2, line);
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut found| found.read_to_string(&mut text))
    };
    read.map_err(|error| wrong(format!("{}: expected a readable file: {error}", path.display())))?;
    let policy = Policy::load(policies).map_err(|error| wrong(error.to_string()))?;
    let (terms, events) = file::read(&text, &policy).map_err(|error| wrong(error.to_string()))?;
    let found = statement::statement(&terms, &events, &policy.rates(), as_of)
        .map_err(|error| wrong(file::FileError::of(&error).to_string()))?;
    if json {
        show::to_json(&terms, &found).map_err(|error| Failure(1, error.to_string()))
    } else {
        Ok(show::to_table(&terms, &found))
    }
}
