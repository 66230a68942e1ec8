//! Log lines on standard error, as text or JSON. They never hold a name, a number, a path with a
//! file number, a query or a body: routes are told by their pattern, people by nothing.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::base::language;
use crate::localized;
use crate::plumbing::config::Config;

/// Starts the log as the configuration says. The error is one line.
pub fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| {
        localized!(
            "log：应为 info，或 info,zhuxue=debug 这样的写法（{e}）",
            "log: expected info or a filter such as info,zhuxue=debug ({e})"
        )
    })?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    language::logs_in_english(config.log_json);
    let started = if config.log_json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init()
    };
    // A second start in one process (tests) keeps the first log.
    if started.is_err() {
        tracing::debug!("the log runs already");
    }
    Ok(())
}
