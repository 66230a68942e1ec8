//! `zhuxue statement FILE.json --as-of DAY [--json]`: the arithmetic without a database. Stable;
//! other programs rely on it (loan-maths 8).

use std::io::{Read, Write};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::CliError;
use crate::book::policy::Policy;
use crate::book::statement::{self, AsOf, file, show};

/// Computes the statement of one contract from its terms and events.
#[derive(Clone, Debug, Args)]
pub struct Statement {
    /// FILE.json with terms and events; `-` reads standard input.
    pub file: PathBuf,
    /// The day of the statement, such as 2046-01-01.
    #[arg(long, value_name = "DAY")]
    pub as_of: NaiveDate,
    /// The last day of which all payments are known; later due days await the bank's result.
    #[arg(long, value_name = "DAY")]
    pub known_until: Option<NaiveDate>,
    /// JSON for programs instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Folder with the county's later policy values.
    #[arg(long, value_name = "FOLDER")]
    pub policies: Option<PathBuf>,
}

impl Statement {
    /// Reads, computes, writes; nothing is written when something is wrong.
    ///
    /// # Errors
    /// Exit code 2 and one line that names the field and what was expected.
    pub fn run(self, out: &mut dyn Write) -> Result<(), CliError> {
        let wrong = |line: String| CliError::input(format!("zhuxue: {}", line.replace('\n', " ")));
        let mut text = String::new();
        let read = if self.file.as_os_str() == "-" {
            std::io::stdin().lock().read_to_string(&mut text)
        } else {
            std::fs::File::open(&self.file).and_then(|mut found| found.read_to_string(&mut text))
        };
        read.map_err(|error| {
            wrong(format!("{}: expected a readable file: {error}", self.file.display()))
        })?;
        let policy =
            Policy::load(self.policies.as_deref()).map_err(|error| wrong(error.to_string()))?;
        let (terms, events) = file::read(text.trim_start_matches('\u{feff}'), &policy)
            .map_err(|error| wrong(error.to_string()))?;
        let as_of = AsOf::known_until(self.as_of, Some(self.known_until.unwrap_or(self.as_of)));
        let found = statement::statement(&terms, &events, &policy.rates(), as_of)
            .map_err(|error| wrong(file::FileError::of(&error).to_string()))?;
        let shown = if self.json {
            show::to_json(&terms, &found).map_err(|error| CliError::failed(error.to_string()))?
        } else {
            show::to_table(&terms, &found)
        };
        writeln!(out, "{shown}")?;
        Ok(out.flush()?)
    }
}
