//! Reminders handed to an SMS gateway: a stub on this machine that says yes to everything, asked
//! over real HTTP; beside it the bare requests without any of our care. And catching up after
//! thirty days switched off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use chrono::Duration as Span;

use super::day;
use super::place::Place;
use super::table::{Figure, Line, Table};
use crate::base::dates::{Clock, starts_at};
use crate::clock;
use crate::command::CliError;
use crate::jobs::deliver_messages;
use crate::plumbing::config::Config;
use crate::site;

/// What we promise a gateway gets in a second.
const PER_SECOND: u64 = 500;

/// What catching up thirty days may take.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Bare requests for the raw limit.
const BARE: u64 = 2_000;

/// The answer of the stub.
const YES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n0: Accepted for delivery";

/// Sends what waits on the day before the due day; `reminders` has written it.
pub(super) fn measure(place: &Place, table: &mut Table<'_>) -> Result<(), CliError> {
    let stub = stub()?;
    let raw = bare(stub)?;
    let mut config = Config { ..(*place.app.config).clone() };
    config.sms.gateway = "http".to_owned();
    config.sms.per_second = 0;
    config.sms.http.url = format!("http://{stub}/send");
    config.sms.http.body = "id={{ id }}&to={{ phone }}&text={{ text|urlencode }}".to_owned();
    config.sms.http.success = "text:^0: Accepted".to_owned();
    let clock = Clock::starting_on(day(2026, 12, 11)?);
    let (policy, sealer) = (place.app.rules.files().clone(), place.app.sealer.clone());
    let app =
        site::app(place.app.db.clone(), clock, policy, sealer, config).map_err(CliError::failed)?;
    let started = Instant::now();
    let counts = deliver_messages::run(&app, app.clock.today())?;
    table.line(Line {
        what: format!("reminders handed to a gateway, {}", place.kind.name()),
        figure: Figure::rate(counts.done, started.elapsed()),
        goal: Some(Figure::PerSecond(PER_SECOND)),
        raw: Some(raw),
    })
}

/// Lets the clock of a running county jump by thirty days and does everything that was missed.
/// No gateway: what waits to be sent goes at the gateway's own speed and is measured above.
pub(super) fn catch_up(place: &Place, table: &mut Table<'_>) -> Result<(), CliError> {
    let app = &place.app;
    clock::run_due(app, app.clock.now_at())?;
    let back_on = starts_at(app.clock.today()) + Span::days(30) + Span::hours(9);
    app.clock.set_at(back_on);
    let started = Instant::now();
    let mut runs = 0;
    loop {
        let ran = clock::run_due(app, app.clock.now_at())?;
        if let Some(failed) = ran.iter().find(|one| one.outcome.is_err()) {
            return Err(CliError::failed(format!("catching up: {} failed", failed.job)));
        }
        let by_day = ran.iter().filter(|one| one.day > day(2000, 1, 1).unwrap_or_default()).count();
        runs += by_day;
        if by_day == 0 {
            break;
        }
    }
    table.line(Line {
        what: format!("30 days off, {runs} runs caught up, {}", place.kind.name()),
        figure: Figure::Took(started.elapsed()),
        goal: Some(Figure::Took(CATCH_UP)),
        raw: None,
    })
}

/// A gateway that takes everything, one thread a connection, until the program ends.
fn stub() -> Result<SocketAddr, CliError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(stream));
        }
    });
    Ok(address)
}

/// Reads requests with a body and says yes to each, until the other side hangs up.
fn answer_all(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut length = 0_u64;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_lowercase();
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().unwrap_or_default();
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        writer.write_all(YES)?;
    }
}

/// The same requests, one after the other, without anything around them.
fn bare(stub: SocketAddr) -> Result<Figure, CliError> {
    let mut stream = TcpStream::connect(stub)?;
    stream.set_nodelay(true)?;
    let body = "x".repeat(400);
    let request = format!(
        "POST /send HTTP/1.1\r\nHost: {stub}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = vec![0_u8; YES.len()];
    let started = Instant::now();
    for _ in 0..BARE {
        stream.write_all(request.as_bytes())?;
        stream.read_exact(&mut answer)?;
    }
    Ok(Figure::rate(BARE, started.elapsed()))
}
