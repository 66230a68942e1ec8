//! The command line of zhuxue: see `command/`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use zhuxue::command::{self, Cli};

/// The allocator of the C library keeps what a thread once used for that thread: after an import
/// the server held seven times what it needed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no mistakes; a mistake is one line that names the argument.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{}", line.trim_start_matches("error: "));
            return ExitCode::from(2);
        }
    };
    match command::run(cli, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{}", stop.line);
            ExitCode::from(stop.code)
        }
    }
}
