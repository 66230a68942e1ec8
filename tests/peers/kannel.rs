//! Text messages to a real SMS gateway, and its receipts to a real running server.

use std::time::{Duration, Instant};

use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::outbox::{Channel, State};
use zhuxue::site;

use crate::outbox::Post;
use crate::support::TestApp;

fn gateway() -> Option<(u16, String)> {
    let Ok(port) = std::env::var("TEST_KANNEL_PORT") else {
        eprintln!("TEST_KANNEL_PORT is not set (scripts/test starts the gateway)");
        return None;
    };
    Some((port.parse().unwrap(), std::env::var("TEST_KANNEL_LOG").unwrap()))
}

/// As `docs/messages.md` shows it.
fn use_kannel(config: &mut Config, port: u16, own_port: u16) {
    config.public_url = format!("http://127.0.0.1:{own_port}");
    let sms = &mut config.sms;
    sms.gateway = "http".to_owned();
    sms.user = "zhuxue".to_owned();
    sms.password = "right".to_owned();
    sms.per_second = 0;
    sms.receipt_token = "0123456789abcdef".to_owned();
    sms.http.url = format!(
        "http://127.0.0.1:{port}/cgi-bin/sendsms?username={{{{ user|urlencode }}}}\
         &password={{{{ password|urlencode }}}}&to={{{{ phone }}}}&coding=2&charset=UTF-8\
         &text={{{{ text|urlencode }}}}&dlr-mask=31\
         &dlr-url={{{{ (receipt_url ~ '&id=' ~ id ~ '&type=%d')|urlencode }}}}"
    );
    sms.http.success = "text:^0: Accepted".to_owned();
    sms.receipts.outcome = "type".to_owned();
    sms.receipts.delivered = vec!["1".to_owned()];
    sms.receipts.failed = vec!["2".to_owned(), "16".to_owned()];
    sms.receipts.sent = vec!["4".to_owned(), "8".to_owned()];
}

/// What the pretended network got for this number, its parts put together.
fn arrived(log: &str, phone: &str) -> (usize, String) {
    let log = std::fs::read(log).unwrap();
    let log = String::from_utf8_lossy(&log);
    let mut parts = 0;
    let mut units = Vec::new();
    for line in log.lines().filter(|line| line.contains("Got message") && line.contains(phone)) {
        let inside = line.split_once('<').unwrap().1.trim_end_matches('>');
        let words: Vec<&str> = inside.split(' ').collect();
        // sender receiver ucs-2 TEXT, or sender receiver udh HEADER TEXT.
        let text = percent_decoded(words.last().unwrap());
        parts += 1;
        units.extend(text.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])));
    }
    (parts, String::from_utf16(&units).unwrap())
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        bytes.push(match first {
            b'%' => {
                let hex = std::str::from_utf8(&more[..2]).unwrap();
                rest = &more[2..];
                u8::from_str_radix(hex, 16).unwrap()
            }
            b'+' => b' ',
            other => *other,
        });
    }
    bytes
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what} does not happen");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn long_messages_with_rare_characters_arrive_and_their_receipts_come_back() {
    let Some((port, log)) = gateway() else { return };
    actix_web::rt::System::new().block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let t = TestApp::with(|config| use_kannel(config, port, own_port));
        let served = t.app.clone();
        let server = actix_web::HttpServer::new(move || site::site(&served))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let phone = format!("137{:08}", own_port);
        let post = Post::new(&t.app, &phone);
        let text = format!("覃𪚥䶮您好，{}完。", "12月20日前请存入本息 1,204.40 元。".repeat(6));
        let mut row = post.message(Channel::Sms, 1);
        row.text_sealed = t.app.sealer.seal(Field::Message, text.as_bytes()).unwrap();
        post.add_rows(std::slice::from_ref(&row));
        let (app, day) = (t.app.clone(), t.app.clock.today());
        let counts = actix_web::rt::task::spawn_blocking(move || {
            zhuxue::jobs::deliver_messages::run(&app, day).unwrap()
        });
        assert_eq!(counts.await.unwrap().done, 1, "{}", post.row(row.id).problem);
        let whole = format!("【乐至县学生资助管理中心】{text}");
        until("arrival", || arrived(&log, &phone).1.len() >= whole.len()).await;
        let (parts, text) = arrived(&log, &phone);
        assert_eq!(text, whole);
        assert_eq!(i32::try_from(parts).unwrap(), zhuxue::plumbing::sms::parts(&whole));
        until("a receipt", || post.row(row.id).state == State::Delivered).await;
        assert!(post.row(row.id).delivered_at.is_some());
        handle.stop(true).await;
    });
}

#[test]
fn a_wrong_password_at_the_gateway_loses_nothing_and_is_told() {
    let Some((port, _)) = gateway() else { return };
    let t = TestApp::with(|config| {
        use_kannel(config, port, 1);
        config.sms.password = "wrong".to_owned();
    });
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Sms, 10);
    let (done, _, failed) = post.deliver();
    assert_eq!((done, failed), (0, 0));
    assert_eq!(post.states(&ids), [State::Waiting]);
    let lines = post.warnings();
    assert!(lines[0].title.contains("拒绝登录"), "{}", lines[0].title);
    assert!(lines[0].advice.contains("[sms]"), "{}", lines[0].advice);
}
