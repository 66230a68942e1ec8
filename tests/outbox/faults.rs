//! Gateways that are dead, slow, talk nonsense or die: nothing is lost, nothing doubled, and the
//! workbench says since when and what to do.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zhuxue::base::scope::Scope;
use zhuxue::book::person::{self, PhoneState};
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::outbox::{self, Channel, State};

use super::Post;
use crate::support::database::on_both;
use crate::support::{OFFICE, TestApp};

/// A gateway of the test's own: counts who came, and does `what` with each.
struct Peer {
    port: u16,
    came: Arc<AtomicUsize>,
}

impl Peer {
    fn new(what: impl Fn(TcpStream, usize) + Send + 'static) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(AtomicUsize::new(0));
        let count = came.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                what(stream.unwrap(), count.fetch_add(1, Ordering::SeqCst));
            }
        });
        Peer { port, came }
    }

    /// Reads the request, answers with this.
    fn answering(answer: &'static str) -> Peer {
        Peer::new(move |mut stream, _| {
            read_request(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

/// Until the end of the body, as far as its length is told.
fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let length = text
            .to_lowercase()
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split("\r\n").next().unwrap().parse::<usize>().ok());
        let whole =
            text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length.unwrap_or(0));
        if read == 0 || whole {
            return text;
        }
    }
}

fn by_http(config: &mut Config, port: u16) {
    config.sms.gateway = "http".to_owned();
    config.sms.per_second = 0;
    config.sms.in_flight = 1;
    config.sms.timeout_s = 1;
    config.sms.http.url = format!("http://127.0.0.1:{port}/send");
    config.sms.http.body = "to={{ phone }}&text={{ text|urlencode }}&id={{ id }}".to_owned();
    config.sms.http.success = "json:/code == 0".to_owned();
    config.sms.http.code = "json:/code".to_owned();
    config.sms.http.reference = "json:/sid".to_owned();
    config.sms.http.number_codes = vec!["2".to_owned()];
    config.sms.http.account_codes = vec!["1".to_owned()];
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"code\":0,\"sid\":\"s1\"}";

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn messages_leave_by_the_gateway_and_the_spool() {
    on_both(|kind| {
        let peer = Peer::answering(OK);
        let t = TestApp::on_with(kind, |config| by_http(config, peer.port));
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 50);
        assert_eq!(post.deliver(), (50, 0, 0));
        assert_eq!(post.states(&ids), [State::Sent]);
        assert_eq!(post.row(ids[0]).gateway_ref, "s1");
        assert_eq!(post.deliver(), (0, 0, 0), "a second run finds nothing");
        assert_eq!(peer.came(), 50);
        let t = TestApp::on_with(kind, |config| config.mail.gateway = "spool".to_owned());
        let post = Post::new(&t.app, "13800002741");
        post.add(Channel::Email, 3);
        assert_eq!(post.deliver(), (3, 0, 0));
        assert_eq!(post.spool("mail").len(), 3);
        assert!(post.warnings().is_empty());
    });
}

#[test]
fn without_a_gateway_messages_wait_and_the_workbench_says_so() {
    let t = TestApp::new();
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Sms, 3);
    assert_eq!(post.deliver(), (0, 0, 0));
    assert_eq!(post.states(&ids), [State::Waiting]);
    let lines = post.warnings();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].title.contains("3 条"), "{}", lines[0].title);
    let (scope, now) = (Scope::of(OFFICE), post.now());
    let cancel = |db: &mut _| outbox::cancel(db, &scope, &ids, "已取消", now);
    assert_eq!(t.app.db.write("cancel", cancel).unwrap(), 3);
    post.deliver();
    assert!(post.warnings().is_empty(), "nothing waits any more");
}

#[test]
fn a_dead_gateway_loses_nothing_and_burns_no_tries() {
    let port = free_port();
    let t = TestApp::with(|config| by_http(config, port));
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Sms, 30);
    let (done, _, failed) = post.deliver();
    assert_eq!((done, failed), (0, 0));
    assert_eq!(post.states(&ids), [State::Waiting]);
    assert!(ids.iter().all(|id| post.row(*id).attempts == 0));
    let lines = post.warnings();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0].kind.as_str(), lines[0].key.as_str()), ("gateway", "sms"));
    assert_eq!(lines[0].level, "bad");
    assert!(lines[0].title.contains("自 10月31日 12:0") && lines[0].title.contains("连不上"));
    let since = lines[0].since;
    // Left alone for a while, then tried with one message, and still dead.
    assert_eq!(post.deliver(), (0, 0, 0));
    post.next_day();
    assert_eq!(post.deliver(), (0, 1, 0));
    assert_eq!(post.warnings()[0].since, since, "since the first time");
    post.next_day();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    assert_eq!(post.deliver(), (30, 0, 0));
    assert!(post.warnings().is_empty(), "works again");
}

#[test]
fn a_gateway_that_never_answers_leaves_few_unsure_and_none_twice() {
    let peer = Peer::new(|stream, _| std::mem::forget(stream));
    let t = TestApp::with(|config| by_http(config, peer.port));
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Sms, 30);
    let (done, _, failed) = post.deliver();
    assert_eq!((done, failed), (0, 3), "three in a row, then it is left alone");
    assert_eq!(peer.came(), 3);
    let unsure = ids.iter().filter(|id| post.row(**id).state == State::Unsure).count();
    let waiting = ids.iter().filter(|id| post.row(**id).state == State::Waiting).count();
    assert_eq!((unsure, waiting), (3, 27));
    assert_eq!(post.warnings()[0].level, "bad");
}

#[test]
fn a_gateway_that_recognises_our_number_gets_it_again() {
    let peer = Peer::new(|mut stream, count| {
        read_request(&mut stream);
        // Accepts and dies, once.
        if count > 0 {
            let _ = stream.write_all(OK.as_bytes());
        }
    });
    let t = TestApp::with(|config| {
        by_http(config, peer.port);
        config.sms.repeat_same_id = true;
    });
    let post = Post::new(&t.app, "13800002741");
    let id = post.add(Channel::Sms, 1)[0];
    assert_eq!(post.deliver(), (0, 1, 0));
    assert_eq!((post.row(id).state, post.row(id).attempts), (State::Waiting, 1));
    post.next_day();
    assert_eq!(post.deliver(), (1, 0, 0));
}

#[test]
fn nonsense_and_a_wrong_password_stop_the_gateway() {
    for (answer, words, state) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "回答看不懂", State::Unsure),
        ("SSH-2.0-OpenSSH_9.2\r\n", "", State::Unsure),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"code\":1}", "拒绝登录", State::Waiting),
        ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "拒绝登录", State::Waiting),
    ] {
        let peer = Peer::answering(answer);
        let t = TestApp::with(|config| by_http(config, peer.port));
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 10);
        let (done, _, _) = post.deliver();
        assert_eq!((done, peer.came()), (0, 3), "{answer}");
        assert!(ids.iter().any(|id| post.row(*id).state == state), "{answer}");
        let lines = post.warnings();
        assert_eq!(lines.len(), 1, "{answer}");
        assert!(lines[0].title.contains(words), "{}", lines[0].title);
    }
}

#[test]
fn a_dead_number_is_never_tried_again() {
    on_both(|kind| {
        let peer = Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"code\":2}");
        let t = TestApp::on_with(kind, |config| by_http(config, peer.port));
        let post = Post::new(&t.app, "13800002741");
        let id = post.add(Channel::Sms, 1)[0];
        assert_eq!(post.deliver(), (0, 0, 1));
        assert_eq!(post.row(id).state, State::Failed);
        let scope = Scope::of(OFFICE);
        let phone = t.app.db.read(|db| person::find_phone(db, &scope, post.phone)).unwrap();
        assert_eq!(phone.state, PhoneState::Dead);
        post.next_day();
        assert_eq!(post.deliver(), (0, 0, 0));
        assert_eq!(peer.came(), 1);
        assert_eq!(post.warnings()[0].kind, "numbers");
        let landline = Post::new(&t.app, "028-86610001");
        let id = landline.add(Channel::Sms, 1)[0];
        landline.deliver();
        assert!(matches!(landline.row(id).state, State::Failed | State::Cancelled));
        assert_eq!(peer.came(), 1);
    });
}

#[test]
fn a_busy_gateway_is_tried_with_growing_waits_and_an_end() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"code\":9}");
    let t = TestApp::with(|config| {
        by_http(config, peer.port);
        config.sms.tries = 4;
    });
    let post = Post::new(&t.app, "13800002741");
    let id = post.add(Channel::Sms, 1)[0];
    let mut waits = Vec::new();
    for _ in 0..3 {
        assert_eq!(post.deliver(), (0, 1, 0));
        waits.push((post.row(id).not_before - post.now()).num_minutes());
        post.next_day();
    }
    assert!(waits[0] <= 1 && waits[1] >= 4 && waits[2] >= 14, "{waits:?}");
    assert_eq!(post.deliver(), (0, 0, 1));
    assert_eq!(post.row(id).state, State::Failed);
    assert!(post.warnings().is_empty(), "busy is not down");
}

#[test]
fn a_spool_folder_that_cannot_be_written_is_told() {
    let t = TestApp::with(|config| config.sms.gateway = "spool".to_owned());
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Sms, 5);
    let folder = t.app.config.data_dir.join("spool");
    // A file where the folder should be: refused to root too, unlike a mode.
    std::fs::write(&folder, "in the way").unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o400)).unwrap();
    let (done, _, failed) = post.deliver();
    assert_eq!((done, failed), (0, 0));
    assert_eq!(post.states(&ids), [State::Waiting]);
    let lines = post.warnings();
    assert!(lines[0].title.contains("写不进发送文件夹"), "{}", lines[0].title);
    std::fs::remove_file(&folder).unwrap();
    post.next_day();
    assert_eq!(post.deliver(), (5, 0, 0));
    assert!(post.warnings().is_empty());
    assert_eq!(post.spool("sms").len(), 5);
}

#[test]
fn a_mail_server_that_never_answers_or_talks_nonsense_is_left_alone() {
    let dumb = Peer::new(|stream, _| std::mem::forget(stream));
    let odd = Peer::new(|mut stream, _| {
        let _ = stream.write_all(b"hello, this is not a mail server\r\n");
    });
    for peer in [dumb, odd] {
        let t = TestApp::with(|config| {
            config.mail.gateway = "smtp".to_owned();
            config.mail.host = "127.0.0.1".to_owned();
            config.mail.port = peer.port;
            config.mail.security = "none".to_owned();
            config.mail.from = "zizhu@lezhi.example".to_owned();
            config.mail.timeout_s = 1;
            config.mail.in_flight = 2;
        });
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Email, 10);
        let (done, _, failed) = post.deliver();
        assert_eq!((done, failed), (0, 0));
        assert_eq!(post.states(&ids), [State::Waiting]);
        assert_eq!(post.warnings()[0].key, "email");
        assert!(peer.came() <= 6, "{}", peer.came());
    }
}
