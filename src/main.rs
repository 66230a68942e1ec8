//! The command line of zhuxue: see `command/`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use zhuxue::command::{self, Cli};

fn main() -> ExitCode {
    match command::run(Cli::parse(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{}", stop.line);
            ExitCode::from(stop.code)
        }
    }
}
