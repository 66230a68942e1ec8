//! The loan file and the borrower's home page over real HTTP on loopback, served by a `zhuxue
//! serve` of its own (as a county runs it) while the requests come from here on the same cores;
//! the memory that server has in the end; the size of the program file.

use std::time::Duration;

use super::client::{self, Ask, CONNECTIONS};
use super::place::Place;
use super::server::{Server, sign_in};
use super::table::{Figure, Line, Table, thousands};
use super::{borrower, data};
use crate::command::CliError;

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
        goal: promised.then_some(Figure::PerSecond(1_800)),
        raw: Some(Figure::rate(raw.count, raw.took)),
    })?;
    table.line(Line {
        what: "  99 of 100 pages within".to_owned(),
        figure: Figure::Took(found.p99),
        goal: promised.then_some(Figure::Took(Duration::from_millis(20))),
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
