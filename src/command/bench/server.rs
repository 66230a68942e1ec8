//! A `zhuxue serve` of its own, on the database of the bench, and a signed-in clerk.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use super::machine;
use super::place::Place;
use crate::base::dates::Clock;
use crate::base::ids::StaffId;
use crate::command::CliError;
use crate::jobs;
use crate::web::session::{self, NewSession};

/// A session of somebody, at the machine's own time, the server's: the cookie, and the token of
/// its forms.
pub(super) fn sign_in(place: &Place, who: Option<StaffId>) -> Result<(String, String), CliError> {
    let staff_id = who.ok_or_else(|| CliError::failed("the bench has no clerk"))?;
    let new = NewSession::new("127.0.0.1".to_owned(), "bench")?;
    let now = Clock::real().now_at();
    place
        .app
        .db
        .write("bench session", |db| session::begin(db, &place.app.config, staff_id, &new, now))?;
    Ok((new.cookie(&place.app.config).stripped().to_string(), new.csrf().to_owned()))
}

/// `zhuxue serve` on the place's database. Dropping it ends it.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = ended {
            tracing::error!(%error, "the server of the bench may still run");
        }
    }
}

impl Server {
    /// Starts it and waits until it answers.
    pub(super) fn started(place: &Place) -> Result<Server, CliError> {
        Server::with(place, toml::Table::new())
    }

    /// The same with every job switched off: nothing but requests is measured.
    pub(super) fn without_jobs(place: &Place) -> Result<Server, CliError> {
        let off = toml::Table::from_iter([("off".to_owned(), toml::Value::Boolean(true))]);
        let all =
            jobs::ALL.iter().map(|job| (job.name.to_owned(), toml::Value::Table(off.clone())));
        let jobs = toml::Value::Table(all.collect());
        Server::with(place, toml::Table::from_iter([("jobs".to_owned(), jobs)]))
    }

    fn with(place: &Place, mut settings: toml::Table) -> Result<Server, CliError> {
        // Free a moment ago; nobody else on this machine is asked to wait for it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let file = place.folder().join("bench.toml");
        let mut set = |key: &str, value: String| {
            settings.insert(key.to_owned(), toml::Value::String(value));
        };
        set("data_dir", place.folder().display().to_string());
        set("database_url", place.app.config.database_url.clone());
        set("listen", address.to_string());
        set("public_url", format!("http://{address}"));
        set("log", "warn".to_owned());
        std::fs::write(&file, settings.to_string())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--config").arg(&file).arg("serve").stdout(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ZHUXUE_") {
                command.env_remove(name);
            }
        }
        let mut server = Server { process: command.spawn()?, address };
        let mut line = String::new();
        if let Some(out) = server.process.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        // It says where it is once it listens, in either language.
        if line.contains(&format!("http://{address}")) {
            Ok(server)
        } else {
            Err(CliError::failed("the server of the bench did not start"))
        }
    }

    /// The memory it has now.
    pub(super) fn resident_bytes(&self) -> Result<u64, CliError> {
        self.status_bytes("VmRSS")
    }

    /// The most memory it has had.
    pub(super) fn peak_bytes(&self) -> Result<u64, CliError> {
        self.status_bytes("VmHWM")
    }

    fn status_bytes(&self, key: &str) -> Result<u64, CliError> {
        let status = format!("/proc/{}/status", self.process.id());
        machine::first_after(&status, key)
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kib| kib * 1_024)
            .ok_or_else(|| CliError::failed(format!("{status}: cannot be read")))
    }
}
