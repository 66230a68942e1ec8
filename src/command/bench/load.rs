//! Everything at once, over real HTTP: clerks who click, borrowers on their telephones and a large
//! import that runs meanwhile; the same import alone before; and what the server's memory does.
//!
//! An answer counts from the moment at which it was to be asked for, not from when its turn came: a
//! server that stands still for a second is a second late for everybody who wanted something then.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::{self, Ask, Connection, FORM};
use super::data::{self, County};
use super::place::{Kind, Place};
use super::server::{Server, sign_in};
use super::table::{Figure, Line, Table, thousands};
use super::{borrower, copies, first_day};
use crate::book::staff::Role;
use crate::command::CliError;
use crate::imports::store;
use crate::plumbing::crypto::random_hex;

/// How large the load is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) loans: u32,
    /// Rows of each of the two imports.
    pub(super) rows: u32,
    pub(super) clerks: u32,
    /// Borrowers' pages a second.
    pub(super) visits: u32,
    /// Seconds between the end of it all and the last look at the memory.
    pub(super) rest: u32,
}

const RECOVERY: &str = "/reports/recovery";
const DECEMBER: &str = "/reports/december";
const REPORTS: [&str; 2] = [RECOVERY, DECEMBER];

/// So long a clerk looks at a page.
const LOOK: Duration = Duration::from_millis(500);
/// Of so many clicks of a clerk one is a report, and one writes a note.
const REPORT_EVERY: u32 = 20;
const NOTE_EVERY: u32 = 10;
/// Connections on which borrowers' pages are asked for.
const PHONES: u32 = 16;
const IMPORT_MOST: Duration = Duration::from_secs(3_600);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Clerk,
    Report,
    Borrower,
    Write,
}

/// One answer: of what, which page it was, how long it took; nothing when it was an error.
type Answer = (Page, &'static str, Option<Duration>);

/// Measures on one database.
pub(super) fn measure(kind: &Kind, size: Size, table: &mut Table<'_>) -> Result<(), CliError> {
    let place = Place::made(kind, first_day()?)?;
    data::fill(&place, County { loans: size.loans, late_one_in: 40 })?;
    let phones = borrower::sign_in(&place, size.loans)?;
    let clerks = clerks(&place, size.clerks)?;
    let server = Server::without_jobs(&place)?;
    let (at, on) = (server.address, kind.name());
    client::ask(at, &phones)?;
    let before = server.resident_bytes()?;
    let (first, importer) = (copies::of(0, size.rows)?, sign_in(&place, place.by.staff_id)?);
    let alone = import(&place, at, &importer, &first)?;
    let alone_peak = server.peak_bytes()?;
    let mornings = first_reports(at, clerks.first())?;
    let stop = AtomicBool::new(false);
    let second = copies::of(1, size.rows)?;
    let (under, answers) = std::thread::scope(|scope| {
        let mut asking = Vec::new();
        for (n, clerk) in (0..).zip(&clerks) {
            let stop = &stop;
            asking.push(scope.spawn(move || click(at, clerk, (n, size), stop)));
        }
        for n in 0..PHONES {
            let (phones, stop) = (&phones, &stop);
            asking.push(scope.spawn(move || call(at, phones, (n, size.visits), stop)));
        }
        let under = import(&place, at, &importer, &second);
        stop.store(true, Ordering::Release);
        let mut answers = Vec::new();
        for one in asking {
            answers.extend(one.join().map_err(|_| CliError::failed("a visitor ended badly"))??);
        }
        Ok::<(Duration, Vec<Answer>), CliError>((under?, answers))
    })?;
    let peak = server.peak_bytes()?;
    std::thread::sleep(Duration::from_secs(u64::from(size.rest)));
    let rested = server.resident_bytes()?;
    say_import(table, (on, copies::rows(&second)), (alone, under))?;
    table.line(Line {
        what: "  memory it adds while it runs alone".to_owned(),
        figure: Figure::Bytes(alone_peak.saturating_sub(before)),
        goal: Some(Figure::Bytes(60_000_000)),
        raw: None,
    })?;
    for (path, took) in mornings {
        let what = format!("{path}, the first of the day");
        table.line(Line { what, figure: Figure::Took(took), goal: None, raw: None })?;
    }
    for page in [Page::Clerk, Page::Report, Page::Borrower, Page::Write] {
        say_page(table, page, &answers)?;
    }
    say_memory(table, [before, peak, rested], size.rest)
}

fn say_import(
    table: &mut Table<'_>,
    (on, rows): (&str, usize),
    (alone, under): (Duration, Duration),
) -> Result<(), CliError> {
    let rows = thousands(u64::try_from(rows).unwrap_or_default());
    let line = |what, took, goal| Line { what, figure: Figure::Took(took), goal, raw: None };
    table.line(line(format!("import of {rows} rows alone, {on}"), alone, None))?;
    let goal = Some(Figure::Took(alone * 2));
    table.line(line("  the same under load, at most twice as long".to_owned(), under, goal))
}

fn say_page(table: &mut Table<'_>, page: Page, answers: &[Answer]) -> Result<(), CliError> {
    let (name, goal) = match page {
        Page::Clerk => ("clerk page", 100),
        Page::Report => ("report", 2_000),
        Page::Borrower => ("borrower page", 100),
        Page::Write => ("clerk writes", 100),
    };
    let of_page = || answers.iter().filter(|(own, ..)| *own == page);
    let times = sorted(of_page());
    let errors = of_page().count() - times.len();
    let at = |percent: usize| Figure::Took(within(&times, percent));
    let count = |count: usize| u64::try_from(count).unwrap_or_default();
    let goal = Some(Figure::Took(Duration::from_millis(goal)));
    let of = thousands(count(times.len()));
    for (what, figure, goal) in [
        (format!("{name}, {of} times: half within"), at(50), None),
        ("  99 of 100 within".to_owned(), at(99), goal),
        ("  the slowest".to_owned(), at(100), None),
        ("  errors".to_owned(), Figure::Count(count(errors)), Some(Figure::Count(0))),
    ] {
        table.line(Line { what, figure, goal, raw: None })?;
    }
    let names: BTreeSet<&str> = of_page().map(|(_, name, _)| *name).collect();
    for name in names.iter().filter(|_| names.len() > 1) {
        let times = sorted(of_page().filter(|(_, own, _)| own == name));
        let what = format!("  99 of 100 of {name}");
        table.line(Line {
            what,
            figure: Figure::Took(within(&times, 99)),
            goal: None,
            raw: None,
        })?;
    }
    Ok(())
}

fn sorted<'a>(answers: impl Iterator<Item = &'a Answer>) -> Vec<Duration> {
    let mut times: Vec<Duration> = answers.filter_map(|(.., took)| *took).collect();
    times.sort_unstable();
    times
}

/// So many of a hundred took no longer.
pub(super) fn within(times: &[Duration], percent: usize) -> Duration {
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).copied().unwrap_or_default()
}

fn say_memory(table: &mut Table<'_>, memory: [u64; 3], rest: u32) -> Result<(), CliError> {
    let [before, peak, rested] = memory.map(Figure::Bytes);
    let goal = Some(Figure::Bytes(130_000_000));
    for (what, figure, goal) in [
        ("memory of the server before both imports".to_owned(), before, None),
        ("  at most".to_owned(), peak, None),
        (format!("  after both and {rest} s of rest"), rested, goal),
    ] {
        table.line(Line { what, figure, goal, raw: None })?;
    }
    Ok(())
}

/// What the first who asks for a report on a day waits: all contracts are computed.
fn first_reports(
    to: std::net::SocketAddr,
    clerk: Option<&(String, String)>,
) -> Result<Vec<(&'static str, Duration)>, CliError> {
    let Some((cookie, _)) = clerk else { return Ok(Vec::new()) };
    REPORTS
        .into_iter()
        .map(|path| {
            let started = Instant::now();
            let ask = Ask { cookie: cookie.clone(), path: path.to_owned() };
            match get(&mut None, to, &ask) {
                true => Ok((path, started.elapsed())),
                false => Err(CliError::failed(format!("{path} was not answered"))),
            }
        })
        .collect()
}

/// A session of each clerk: cookie and token.
pub(super) fn clerks(place: &Place, count: u32) -> Result<Vec<(String, String)>, CliError> {
    (0..count)
        .map(|n| sign_in(place, Some(place.add_staff(&format!("load{n}"), Role::Clerk)?)))
        .collect()
}

/// One clerk: clicks through the pages of a morning until it is over.
fn click(
    to: std::net::SocketAddr,
    (cookie, csrf): &(String, String),
    (of, size): (u32, Size),
    stop: &AtomicBool,
) -> Result<Vec<Answer>, CliError> {
    let borrowers = (size.loans * 2 / 5).max(1);
    let (mut connection, mut answers) = (None, Vec::new());
    // Each at a moment of their own, and on a page of their own.
    let begin = Instant::now() + LOOK * of / size.clerks.max(1);
    for turn in 0_u32.. {
        let planned = begin + LOOK * turn;
        std::thread::sleep(planned.saturating_duration_since(Instant::now()));
        let n = turn + of;
        if stop.load(Ordering::Acquire) {
            break;
        }
        let file_no = data::file_no(n.wrapping_mul(7_919) % borrowers);
        let page = match n {
            n if n % REPORT_EVERY == 7 => Page::Report,
            n if n % NOTE_EVERY == 3 => Page::Write,
            _ => Page::Clerk,
        };
        let ask = |path: String| Ask { cookie: cookie.clone(), path };
        let clicked = Instant::now();
        let (name, done) = match page {
            Page::Write => {
                let key = random_hex(16).map_err(CliError::failed)?;
                let form = format!("csrf={csrf}&key={key}&note=bench");
                let path = format!("/loans/{file_no}/notes");
                ("notes", client::send(to, &ask(path), (FORM, form.as_bytes())).is_ok())
            }
            _ => {
                let name = match n % 6 {
                    _ if page == Page::Report && n % (2 * REPORT_EVERY) == 7 => DECEMBER,
                    _ if page == Page::Report => RECOVERY,
                    0 => "/home",
                    1 => "/loans",
                    2 => "/overdue",
                    // 李: several; one alone would be answered with its file.
                    3 => "/search?q=%E6%9D%8E",
                    4 => "/loans/{}/history",
                    _ => "/loans/{}",
                };
                (name, get(&mut connection, to, &ask(name.replace("{}", &file_no))))
            }
        };
        answers.push((page, name, done.then(|| clicked.elapsed())));
    }
    Ok(answers)
}

/// Some of the borrowers: each asks for the page at the moment that is theirs.
fn call(
    to: std::net::SocketAddr,
    phones: &[Ask],
    (of, a_second): (u32, u32),
    stop: &AtomicBool,
) -> Result<Vec<Answer>, CliError> {
    let between = Duration::from_secs(u64::from(PHONES)) / a_second.max(1);
    let (mut connection, mut answers) = (None, Vec::new());
    let begin = Instant::now() + between * of / PHONES;
    let asks = phones.iter().cycle().skip(usize::try_from(of).unwrap_or_default() * 97);
    for (n, ask) in (0_u32..).zip(asks) {
        let planned = begin + between * n;
        std::thread::sleep(planned.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Acquire) {
            break;
        }
        let done = get(&mut connection, to, ask);
        answers.push((Page::Borrower, "home", done.then(|| planned.elapsed())));
    }
    Ok(answers)
}

/// Asks over the connection that there is, or over a new one. False for an error.
pub(super) fn get(
    connection: &mut Option<Connection>,
    to: std::net::SocketAddr,
    ask: &Ask,
) -> bool {
    let open = connection.take().map_or_else(|| Connection::open(to), Ok);
    let Ok(mut open) = open else { return false };
    match open.get(ask) {
        Ok((200, _)) => {
            *connection = Some(open);
            true
        }
        _ => false,
    }
}

/// Sends the sheets, waits for the check, has them posted and waits for that.
pub(super) fn import(
    place: &Place,
    to: std::net::SocketAddr,
    (cookie, csrf): &(String, String),
    sheets: &[(String, Vec<u8>)],
) -> Result<Duration, CliError> {
    const EDGE: &str = "bench7f3a";
    let part = |head: &str| format!("--{EDGE}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    let mut form = Vec::new();
    for (name, value) in [("csrf", csrf.as_str()), ("as_of", "2026-10-31"), ("product", "cdb")] {
        form.extend(format!("{}{value}\r\n", part(&format!("name=\"{name}\""))).into_bytes());
    }
    for (name, bytes) in sheets {
        form.extend(part(&format!("name=\"files\"; filename=\"{name}\"")).into_bytes());
        form.extend_from_slice(bytes);
        form.extend(b"\r\n");
    }
    form.extend(format!("--{EDGE}--\r\n").into_bytes());
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let ask = |path: &str| Ask { cookie: cookie.clone(), path: path.to_owned() };
    let started = Instant::now();
    client::send(to, &ask("/imports"), (&kind, &form))?;
    drop(form);
    wait_for(place, "checked", started)?;
    confirm(place)?;
    client::send(to, &ask("/imports/post"), (FORM, format!("csrf={csrf}").as_bytes()))?;
    wait_for(place, "posted", started)?;
    Ok(started.elapsed())
}

/// Somebody has seen what is out of the ordinary: a county that is there several times.
fn confirm(place: &Place) -> Result<(), CliError> {
    Ok(place.app.db.write("bench confirm", |db| {
        for job in store::open_jobs(db, &place.scope)? {
            store::confirm(db, &place.scope, job.id, &job.findings)?;
        }
        Ok(())
    })?)
}

/// Waits until every import is so far, and compared with the bank's figures.
fn wait_for(place: &Place, state: &str, started: Instant) -> Result<(), CliError> {
    loop {
        let (open, unsettled) = place
            .app
            .db
            .read(|db| Ok((store::open_jobs(db, &place.scope)?, store::unsettled(db)?)))?;
        if open.iter().all(|job| job.state == state) && unsettled.is_empty() {
            return Ok(());
        }
        if let Some(bad) = open.iter().find(|job| ["failed", "stopped"].contains(&&*job.state)) {
            return Err(CliError::failed(format!(
                "{}: {} {}",
                bad.file_name, bad.state, bad.problem
            )));
        }
        if started.elapsed() > IMPORT_MOST {
            return Err(CliError::failed("an import of the bench does not come to its end"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
