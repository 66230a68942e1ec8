//! The command line of zhuxue: see `command/`.

use std::io::Write as _;
use std::process::ExitCode;

use zhuxue::base::language;
use zhuxue::command::{self, help, mistake};

/// The allocator of the C library keeps what a thread once used for that thread: after an import
/// the server held seven times what it needed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Starts the server anew with an allocator that gives freed memory back at once: 60 MB less with
/// 100,000 loans, at no cost that could be measured. It reads its settings before `main` does.
#[cfg(unix)]
fn give_memory_back() {
    use std::os::unix::process::CommandExt as _;
    const SETTING: &str = "MIMALLOC_PURGE_DELAY";
    let mut given = std::env::args_os();
    if std::env::var_os(SETTING).is_none()
        && let (Some(name), Ok(program)) = (given.next(), std::env::current_exe())
    {
        // Comes back only when it cannot: then the server has more memory than it needs.
        let _ = std::process::Command::new(program).arg0(name).args(given).env(SETTING, "0").exec();
    }
}

fn main() -> ExitCode {
    language::follow(|name| std::env::var(name).ok());
    let cli = match help::parse(std::env::args_os()) {
        Ok(cli) => cli,
        // Help and version are no mistakes; a mistake is one line that names the argument.
        Err(error) if !error.use_stderr() => {
            let _ = write!(std::io::stdout(), "{}", help::in_words(&error));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", mistake::in_words(&error));
            return ExitCode::from(2);
        }
    };
    #[cfg(unix)]
    if matches!(cli.command, command::Command::Serve(_)) {
        give_memory_back();
    }
    match command::run(cli, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{}", stop.line);
            ExitCode::from(stop.code)
        }
    }
}
