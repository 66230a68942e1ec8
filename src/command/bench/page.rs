//! The loan file and the borrower's home page over real HTTP on loopback, served by a `zhuxue
//! serve` of its own (as a county runs it) while the requests come from here on the same cores;
//! the memory that server has in the end; the size of the program file.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::client::{self, Ask, CONNECTIONS};
use super::place::Place;
use super::table::{Figure, Line, Table, thousands};
use super::{borrower, data, machine};
use crate::base::dates::Clock;
use crate::base::ids::StaffId;
use crate::command::CliError;
use crate::jobs;
use crate::web::session::{self, NewSession};

/// How many requests each connection sends; with few loans no more than there are loans.
const REQUESTS: u32 = 2_000;
/// How many requests each connection sends before anything counts.
const WARM_UP: u32 = 200;

/// Measures requests a second, the slowest hundredth, and memory.
pub(super) fn measure(place: &Place, loans: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let cookie = sign_in(place, place.by.staff_id)?.0;
    let server = Server::started(place)?;
    let asks = |count: u32| -> Vec<Ask> {
        let paths = paths(loans, count.min(loans)).into_iter();
        paths.map(|path| Ask { cookie: cookie.clone(), path }).collect()
    };
    client::ask(server.address, &asks(WARM_UP))?;
    let health: Vec<Ask> = asks(REQUESTS).iter().map(|_| Ask::plain("/healthz")).collect();
    let raw = client::ask(server.address, &health)?;
    let found = client::ask(server.address, &asks(REQUESTS))?;
    let on = place.kind.name();
    // Promised for SQLite; a server elsewhere answers at its own pace.
    let promised = !place.app.db.is_postgres();
    let kib = found.bytes / found.count.max(1) / 1_024;
    table.line(Line {
        what: format!("loan-file page, {CONNECTIONS} connections, {kib} KiB each, {on}"),
        figure: Figure::rate(found.count, found.took),
        goal: promised.then_some(Figure::PerSecond(1_000)),
        raw: Some(Figure::rate(raw.count, raw.took)),
    })?;
    table.line(Line {
        what: "  99 of 100 pages within".to_owned(),
        figure: Figure::Took(found.p99),
        goal: promised.then_some(Figure::Took(Duration::from_millis(50))),
        raw: Some(Figure::Took(raw.p99)),
    })?;
    borrower::measure(place, &server, loans, table)?;
    table.line(Line {
        what: format!("memory of the server with {} loans, {on}", thousands(u64::from(loans))),
        figure: Figure::Bytes(server.resident_bytes()?),
        goal: Some(Figure::Bytes(100_000_000)),
        raw: None,
    })
}

/// The size of this program file.
pub(super) fn program_file(table: &mut Table<'_>) -> Result<(), CliError> {
    let file = std::env::current_exe().and_then(std::fs::metadata)?;
    table.line(Line {
        what: "program file".to_owned(),
        figure: Figure::Bytes(file.len()),
        goal: Some(Figure::Bytes(40_000_000)),
        raw: None,
    })
}

/// Addresses of files spread over all borrowers.
fn paths(loans: u32, count: u32) -> Vec<String> {
    let borrowers = (loans * 2 / 5).max(1);
    (0..count)
        .map(|n| format!("/loans/{}", data::file_no(n.wrapping_mul(7_919) % borrowers)))
        .collect()
}

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
        let mut said = String::new();
        if let Some(out) = server.process.stdout.take() {
            BufReader::new(out).read_line(&mut said)?;
        }
        if said.contains("ready") {
            Ok(server)
        } else {
            Err(CliError::failed("the server of the bench did not start"))
        }
    }

    /// The memory it has now.
    pub(super) fn resident_bytes(&self) -> Result<u64, CliError> {
        let status = format!("/proc/{}/status", self.process.id());
        machine::first_after(&status, "VmRSS")
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kib| kib * 1_024)
            .ok_or_else(|| CliError::failed(format!("{status}: cannot be read")))
    }
}
