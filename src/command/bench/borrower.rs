//! The borrower's home page over real HTTP: many people, each with a session of their own.

use super::client::{self, Ask, CONNECTIONS};
use super::data;
use super::place::Place;
use super::server::Server;
use super::table::{Figure, Line, Table};
use crate::base::dates::Clock;
use crate::book::loan;
use crate::command::CliError;
use crate::web::session::NewSession;
use crate::web::session::borrower::{self, COOKIE};

/// How many requests each connection sends; with few borrowers no more than there are.
const REQUESTS: u32 = 2_000;

/// Measures requests a second and the slowest hundredth.
pub(super) fn measure(
    place: &Place,
    server: &Server,
    loans: u32,
    table: &mut Table<'_>,
) -> Result<(), CliError> {
    let asks = sign_in(place, loans)?;
    let health: Vec<Ask> = asks.iter().map(|_| Ask::plain("/healthz")).collect();
    client::ask(server.address, &asks)?;
    let raw = client::ask(server.address, &health)?;
    let found = client::ask(server.address, &asks)?;
    let on = place.kind.name();
    let promised = !place.app.db.is_postgres();
    let kib = found.bytes / found.count.max(1) / 1_024;
    table.line(Line {
        what: format!("borrower home, {CONNECTIONS} connections, {kib} KiB each, {on}"),
        figure: Figure::rate(found.count, found.took),
        goal: promised.then_some(Figure::PerSecond(3_500)),
        raw: Some(Figure::rate(raw.count, raw.took)),
    })?;
    table.line(Line {
        what: "  99 of 100 pages within".to_owned(),
        figure: Figure::Took(found.p99),
        goal: promised.then_some(Figure::Took(std::time::Duration::from_millis(20))),
        raw: Some(Figure::Took(raw.p99)),
    })
}

/// A session for each of many borrowers, at the machine's own time: the server's.
pub(super) fn sign_in(place: &Place, loans: u32) -> Result<Vec<Ask>, CliError> {
    let borrowers = (loans * 2 / 5).max(1);
    let now = Clock::real().now_at();
    let mut asks = Vec::new();
    let mut made = Vec::new();
    for n in 0..REQUESTS.min(borrowers) {
        let file_no = data::file_no(n.wrapping_mul(7_919) % borrowers);
        let file = place.app.db.read(|db| loan::file_by_no(db, &place.scope, &file_no))?;
        let new = NewSession::new("127.0.0.1".to_owned(), "bench")?;
        let cookie = new.cookie_named(COOKIE, &place.app.config).stripped().to_string();
        asks.push(Ask { cookie, path: "/m".to_owned() });
        made.push((file, new));
    }
    place.app.db.write("bench sessions", |db| {
        for (file, new) in &made {
            let who = (place.scope.own(), file.person_id);
            borrower::begin(db, who, Some(file.id), new, now)?;
        }
        Ok(())
    })?;
    Ok(asks)
}
