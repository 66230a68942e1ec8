//! `zhuxue statement FILE.json --as-of DAY [--json]`: the arithmetic without a database. Stable;
//! other programs rely on it (loan-maths 8). With `--stream` a line is a contract, and so is a line
//! of what comes out, in the same order.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::CliError;
use crate::book::policy::Policy;
use crate::book::statement::{self, AsOf, Product, Terms, file, show};
use crate::book::working::working;

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
    /// JSON with how each figure comes about: terms, rules, documents, version.
    #[arg(long, conflicts_with_all = ["json", "stream"])]
    pub working: bool,
    /// With --working: whose rules hold, cdb or local.
    #[arg(long, default_value = "cdb")]
    pub product: String,
    /// One contract a line, one answer a line; a wrong one is answered with what is wrong.
    #[arg(long)]
    pub stream: bool,
    /// With --stream: position and totals only.
    #[arg(long, requires = "stream")]
    pub brief: bool,
    /// Folder with the county's later policy values.
    #[arg(long, value_name = "FOLDER")]
    pub policies: Option<PathBuf>,
}

/// Lines that are read before they are shared out, for each thread.
const SHARE: usize = 500;

impl Statement {
    /// Reads, computes, writes; nothing is written when something is wrong.
    ///
    /// # Errors
    /// Exit code 2 and one line that names the field and what was expected; of a stream after all
    /// of it has been answered.
    pub fn run(self, out: &mut dyn Write) -> Result<(), CliError> {
        let wrong = |line: String| CliError::input(format!("zhuxue: {}", line.replace('\n', " ")));
        let unreadable = |error: std::io::Error| {
            wrong(format!("{}: expected a readable file: {error}", self.file.display()))
        };
        let policy =
            Policy::load(self.policies.as_deref()).map_err(|error| wrong(error.to_string()))?;
        let mut from: Box<dyn BufRead> = if self.file.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(BufReader::new(std::fs::File::open(&self.file).map_err(unreadable)?))
        };
        if self.stream {
            let refused = self.answer_all(&policy, &mut from, out)?;
            return match refused {
                0 => Ok(()),
                more => {
                    Err(wrong(format!("{more} contracts could not be computed; see the lines")))
                }
            };
        }
        let mut text = String::new();
        from.read_to_string(&mut text).map_err(unreadable)?;
        let (terms, found) =
            self.compute(&policy, &text).map_err(|error| wrong(error.to_string()))?;
        let json = |made: serde_json::Result<String>| {
            made.map_err(|error| CliError::failed(error.to_string()))
        };
        let shown = if self.working {
            let product = Product::from_text(&self.product).unwrap_or(Product::Cdb);
            json(serde_json::to_string_pretty(&working((&terms, product), &found, &policy)))?
        } else if self.json {
            json(show::to_json(&terms, &found))?
        } else {
            show::to_table(&terms, &found)
        };
        writeln!(out, "{shown}")?;
        Ok(out.flush()?)
    }

    fn compute(
        &self,
        policy: &Policy,
        text: &str,
    ) -> Result<(Terms, statement::Statement), file::FileError> {
        let (terms, events) = file::read(text.trim_start_matches('\u{feff}'), policy)?;
        let as_of = AsOf::known_until(self.as_of, Some(self.known_until.unwrap_or(self.as_of)));
        let found = statement::statement(&terms, &events, &policy.rates(), as_of)
            .map_err(|error| file::FileError::of(&error))?;
        Ok((terms, found))
    }

    /// The command for a stream.
    pub(super) fn stream(as_of: NaiveDate, brief: bool) -> Statement {
        Statement {
            file: PathBuf::from("-"),
            as_of,
            known_until: None,
            json: false,
            working: false,
            product: Product::Cdb.as_text().to_owned(),
            stream: true,
            brief,
            policies: None,
        }
    }

    /// Answers line by line, on all cores; says how many contracts were refused.
    pub(super) fn answer_all(
        &self,
        policy: &Policy,
        from: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> Result<usize, CliError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut lines = from.lines().enumerate().peekable();
        let mut refused = 0;
        while lines.peek().is_some() {
            let mut some = Vec::with_capacity(threads * SHARE);
            for (at, line) in lines.by_ref().take(threads * SHARE) {
                some.push((at + 1, line?));
            }
            let answered = std::thread::scope(|scope| {
                let parts: Vec<_> = some
                    .chunks(SHARE)
                    .map(|part| scope.spawn(|| self.answer_part(policy, part)))
                    .collect();
                parts.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
            });
            for part in answered {
                let (text, wrong) =
                    part.map_err(|_| CliError::failed("zhuxue: a thread ended early"))?;
                out.write_all(text.as_bytes())?;
                refused += wrong;
            }
        }
        out.flush()?;
        Ok(refused)
    }

    fn answer_part(&self, policy: &Policy, lines: &[(usize, String)]) -> (String, usize) {
        let (mut text, mut refused) = (String::new(), 0);
        for (at, line) in lines.iter().filter(|(_, line)| !line.trim().is_empty()) {
            let answer = self.compute(policy, line).map_err(|error| error.to_string());
            let shown = answer.and_then(|(terms, found)| {
                show::to_line(&terms, &found, self.brief).map_err(|error| error.to_string())
            });
            text.push_str(&shown.unwrap_or_else(|error| {
                refused += 1;
                serde_json::json!({ "line": at, "error": error }).to_string()
            }));
            text.push('\n');
        }
        (text, refused)
    }
}
