//! A browser in its smallest form: asks for pages over one kept-alive connection each, with a
//! sign-in, compressed as browsers ask for them, and notes how long every answer took.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::command::CliError;

/// A form that is no upload.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// How many connections ask at the same time.
pub(super) const CONNECTIONS: usize = 8;

/// A page to ask for, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The cookie of a session.
    pub(super) cookie: String,
    pub(super) path: String,
}

impl Ask {
    pub(super) fn plain(path: &str) -> Ask {
        Ask { cookie: String::new(), path: path.to_owned() }
    }
}

/// What many requests came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers {
    pub(super) count: u64,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// Half of them were as quick as this.
    pub(super) p50: Duration,
    /// All but one in a hundred were as quick as this.
    pub(super) p99: Duration,
    /// Bytes of all bodies as they went over the wire.
    pub(super) bytes: u64,
}

/// Every connection asks for all of `asks`, each beginning at another.
pub(super) fn ask(to: SocketAddr, asks: &[Ask]) -> Result<Answers, CliError> {
    ask_over(CONNECTIONS, to, asks)
}

/// The same over so many connections.
pub(super) fn ask_over(
    connections: usize,
    to: SocketAddr,
    asks: &[Ask],
) -> Result<Answers, CliError> {
    let started = Instant::now();
    let found = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..connections)
            .map(|n| {
                let (ours, others) = asks.split_at(n * asks.len() / connections);
                scope.spawn(move || one_connection(to, others.iter().chain(ours)))
            })
            .collect();
        let ended = asking.into_iter().map(|one| {
            one.join().map_err(|_| CliError::failed("a connection of the bench ended badly"))?
        });
        ended.collect::<Result<Vec<(Vec<Duration>, u64)>, CliError>>()
    })?;
    let took = started.elapsed();
    let bytes = found.iter().map(|(_, bytes)| bytes).sum();
    let mut times: Vec<Duration> = found.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let count = u64::try_from(times.len()).unwrap_or_default();
    Ok(Answers { count, took, p50: at(50), p99: at(99), bytes })
}

fn one_connection<'a>(
    to: SocketAddr,
    asks: impl Iterator<Item = &'a Ask>,
) -> Result<(Vec<Duration>, u64), CliError> {
    let mut connection = Connection::open(to)?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    for ask in asks {
        let started = Instant::now();
        let (status, length) = connection.get(ask)?;
        if status != 200 {
            return Err(CliError::failed(format!("{} was answered with {status}", ask.path)));
        }
        times.push(started.elapsed());
        bytes += length;
    }
    Ok((times, bytes))
}

/// A connection that is kept alive.
pub(super) struct Connection {
    to: SocketAddr,
    sending: TcpStream,
    reading: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Connection {
    pub(super) fn open(to: SocketAddr) -> Result<Connection, CliError> {
        let sending = TcpStream::connect(to)?;
        sending.set_nodelay(true)?;
        sending.set_read_timeout(Some(Duration::from_secs(120)))?;
        let reading = BufReader::with_capacity(64 * 1024, sending.try_clone()?);
        Ok(Connection { to, sending, reading, body: Vec::new() })
    }

    /// Asks for a page and reads the answer to its end: its status and how long its body is.
    pub(super) fn get(&mut self, Ask { cookie, path }: &Ask) -> Result<(u16, u64), CliError> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\
             Accept-Encoding: gzip\r\n\r\n",
            self.to
        );
        self.sending.write_all(request.as_bytes())?;
        self.body.clear();
        let status = answer(&mut self.reading, &mut self.body)?;
        Ok((status, u64::try_from(self.body.len()).unwrap_or_default()))
    }
}

/// Sends a form with its session and reads the answer to its end; how long that took.
pub(super) fn send(
    to: SocketAddr,
    Ask { cookie, path }: &Ask,
    (kind, form): (&str, &[u8]),
) -> Result<(Duration, Vec<u8>), CliError> {
    let mut sending = TcpStream::connect(to)?;
    sending.set_nodelay(true)?;
    let mut reading = BufReader::new(sending.try_clone()?);
    let started = Instant::now();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nCookie: {cookie}\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        form.len()
    );
    sending.write_all(head.as_bytes())?;
    sending.write_all(form)?;
    let mut body = Vec::new();
    let status = answer(&mut reading, &mut body)?;
    if status != 200 && status != 303 {
        return Err(CliError::failed(format!("{path} was answered with {status}")));
    }
    Ok((started.elapsed(), body))
}

/// Reads one answer to its end; its status.
fn answer(from: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<u16, CliError> {
    let odd = || CliError::failed("the server's answer cannot be read");
    let mut line = String::new();
    from.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(odd)?;
    let (mut length, mut in_chunks) = (0, false);
    loop {
        line.clear();
        from.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(|_| odd())?,
            "transfer-encoding" => in_chunks = value.trim() == "chunked",
            _ => {}
        }
    }
    if !in_chunks {
        from.take(length).read_to_end(body)?;
        return Ok(status);
    }
    loop {
        line.clear();
        from.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(|_| odd())?;
        from.take(size).read_to_end(body)?;
        line.clear();
        from.read_line(&mut line)?;
        if size == 0 {
            return Ok(status);
        }
    }
}
