//! Connections that say half and then nothing: against the server as it listens.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use zhuxue::command::serve;
use zhuxue::plumbing::config::Config;

use crate::support::TestApp;

/// No figure of speed: a test that would wait for ever fails after this.
const FOR_EVER: Duration = Duration::from_secs(60);

/// A server of its own on this machine.
fn listening(change: impl FnOnce(&mut Config)) -> (TestApp, SocketAddr) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let t = TestApp::with(|config| {
        config.listen = free.to_string();
        config.public_url = format!("http://{free}");
        change(config);
    });
    let server = serve::server(&t.app).unwrap();
    actix_web::rt::spawn(server);
    (t, free)
}

async fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// What comes until the server closes the connection.
async fn all_of(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset is closed, too.
    let _ = timeout(FOR_EVER, stream.read_to_end(&mut bytes)).await.expect("it is never closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(path: &str, rest: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{rest}")
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[actix_web::test]
async fn half_a_body_ends_on_every_route() {
    let (_t, at) = listening(|config| config.body_timeout_s = 1);
    let long = "Content-Length: 1000\r\n\r\ncsrf=";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\ncsrf=\r\n";
    let upload =
        "Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: 9000\r\n\r\n--cut";
    let mut streams = Vec::new();
    for entry in zhuxue::site::routes().iter().filter(|entry| entry.method == "POST") {
        let path = entry.path.replace(['{', '}'], "1");
        for rest in [format!("{FORM}{long}"), format!("{FORM}{chunked}"), upload.to_owned()] {
            let mut stream = connect(at, "127.0.0.1").await;
            stream.write_all(post(&path, &rest).as_bytes()).await.unwrap();
            streams.push((path.clone(), stream));
        }
    }
    // Bodies that no handler waits for: a page, and an address that is none.
    for path in ["/login", "/nowhere"] {
        for rest in [long, chunked] {
            let mut stream = connect(at, "127.0.0.1").await;
            let text = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{rest}");
            stream.write_all(text.as_bytes()).await.unwrap();
            streams.push((path.to_owned(), stream));
        }
    }
    for (path, stream) in streams {
        let answer = all_of(stream).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
    }
}

#[actix_web::test]
async fn two_hundred_stalled_connections_leave_the_desk_working() {
    let (_t, at) = listening(|config| {
        config.connections = 60;
        config.connections_per_address = 50;
        config.body_timeout_s = 1_000;
    });
    let mut stalled = Vec::new();
    for n in 0..200 {
        // Half of them from one address, the rest from many.
        let from = if n < 100 { "127.0.0.2".to_owned() } else { format!("127.0.1.{}", n % 10) };
        let mut stream = connect(at, &from).await;
        let half = post("/login", &format!("{FORM}Content-Length: 1000\r\n\r\ncsrf="));
        // One that is closed already cannot be written to.
        let _ = stream.write_all(half.as_bytes()).await;
        stalled.push(stream);
    }
    for from in ["127.0.0.1", "127.0.0.3"] {
        let mut desk = connect(at, from).await;
        let page = "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        desk.write_all(page.as_bytes()).await.unwrap();
        let answer = all_of(desk).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "from {from}: {answer}");
    }
    // Of one address no more stay open than it may have.
    let mut ends: FuturesUnordered<_> = stalled.into_iter().take(100).map(all_of).collect();
    for _ in 0..50 {
        assert_eq!(ends.next().await.unwrap(), "");
    }
}
