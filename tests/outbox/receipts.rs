//! Receipts: in any order, as often as they come, from whoever knows the secret.

use std::fmt::Write as _;

use zhuxue::base::scope::Scope;
use zhuxue::book::person::{self, PhoneState};
use zhuxue::jobs::read_delivery_receipts;
use zhuxue::plumbing::outbox::{self, Channel, Delivery, Receipt, Recorded, State};

use super::Post;
use crate::support::database::on_both;
use crate::support::{OFFICE, TestApp};

const TOKEN: &str = "0123456789abcdef";

fn receipt(id: Option<i64>, reference: &str, delivery: Delivery, post: &Post) -> Receipt {
    Receipt {
        gateway: "spool".to_owned(),
        id,
        reference: reference.to_owned(),
        delivery,
        why: String::new(),
        at: post.now(),
    }
}

/// Every order of three receipts comes to the same.
#[test]
fn receipts_in_any_order_come_to_the_same() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let post = Post::new(&t.app, "13800002741");
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let rows: Vec<_> = (0..orders.len()).map(|n| post.message(Channel::Sms, n)).collect();
        post.add_rows(&rows);
        let now = post.now();
        let minute = chrono::Duration::minutes(1);
        t.app
            .db
            .write("claim", |db| outbox::claim(db, Channel::Sms, false, now, minute, "a", 99))
            .unwrap();
        let deliveries = [Delivery::Sent, Delivery::Failed, Delivery::Delivered];
        for (row, order) in rows.iter().zip(orders) {
            for n in order {
                let one = receipt(Some(row.id), "", deliveries[n], &post);
                let write = || t.app.db.write("r", |db| outbox::record_receipt(db, &one, now));
                write().unwrap();
                assert_eq!(write().unwrap(), Recorded::Known, "twice is once");
            }
            assert_eq!(post.row(row.id).state, State::Delivered, "{order:?}");
            assert!(post.row(row.id).delivered_at.is_some());
        }
        let strange = receipt(Some(1), "", Delivery::Sent, &post);
        let said = t.app.db.write("r", |db| outbox::record_receipt(db, &strange, now));
        assert_eq!(said.unwrap(), Recorded::NoSuch);
    });
}

#[test]
fn a_receipt_that_is_faster_than_our_own_note_is_kept() {
    let t = TestApp::new();
    let post = Post::new(&t.app, "13800002741");
    let id = post.add(Channel::Sms, 1)[0];
    let now = post.now();
    let minute = chrono::Duration::minutes(1);
    let db = &t.app.db;
    db.write("claim", |db| outbox::claim(db, Channel::Sms, false, now, minute, "a", 9)).unwrap();
    let one = receipt(Some(id), "", Delivery::Delivered, &post);
    db.write("r", |db| outbox::record_receipt(db, &one, now)).unwrap();
    let what = outbox::Settle::Sent { gateway: "spool".to_owned(), reference: "77".to_owned() };
    let all = [outbox::Settled { id, what }];
    db.write("s", |db| outbox::finish(db, "a", &all, now)).unwrap();
    let row = post.row(id);
    assert_eq!((row.state, row.gateway_ref.as_str()), (State::Delivered, "77"));
    // And it is found by the gateway's own number.
    let by_reference = receipt(None, "77", Delivery::Delivered, &post);
    let said = db.write("r", |db| outbox::record_receipt(db, &by_reference, now));
    assert_eq!(said.unwrap(), Recorded::Known);
}

#[test]
fn the_vendor_needs_the_secret_and_may_speak_three_ways() {
    actix_web::rt::System::new().block_on(async {
        let t = TestApp::with(|config| {
            config.sms.gateway = "spool".to_owned();
            config.sms.receipt_token = TOKEN.to_owned();
            config.sms.receipts.dead = vec!["NOSUCH".to_owned()];
        });
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 3);
        let app = t.app.clone();
        let day = app.clock.today();
        let job = move || zhuxue::jobs::deliver_messages::run(&app, day);
        actix_web::rt::task::spawn_blocking(job).await.unwrap().unwrap();
        assert_eq!(post.states(&ids), [State::Sent]);
        let mut vendor = t.nobody();
        let path = |token: &str, rest: &str| format!("/gateways/sms/receipts?token={token}{rest}");
        let query = format!("&id={}&status=DELIVRD", ids[0]);
        vendor.get(&path("wrong-wrong-wrong", &query)).await.is(404);
        vendor.get(&path("", &query)).await.is(404);
        assert_eq!(post.row(ids[0]).state, State::Sent);
        for _ in 0..2 {
            assert_eq!(vendor.get(&path(TOKEN, &query)).await.is(200).text, "ok");
        }
        assert_eq!(post.row(ids[0]).state, State::Delivered);
        let id = ids[1].to_string();
        let form = [("id", id.as_str()), ("status", "UNDELIV")];
        vendor.post_bare(&path(TOKEN, ""), &form).await.is(200);
        assert_eq!(post.row(ids[1]).state, State::Failed);
        let mut body = String::new();
        let _ = write!(body, "[{{\"id\": {}, \"status\": \"NOSUCH\"}}, {{\"x\": 1}}]", ids[2]);
        let json = actix_web::test::TestRequest::post()
            .uri(&path(TOKEN, ""))
            .insert_header(("Content-Type", "application/json"))
            .set_payload(body);
        vendor.send(json).await.is(200);
        assert_eq!(post.row(ids[2]).state, State::Failed);
        let scope = Scope::of(OFFICE);
        let phone = t.app.db.read(|db| person::find_phone(db, &scope, post.phone)).unwrap();
        assert_eq!(phone.state, PhoneState::Dead);
        let lines = post.warnings();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].kind, "numbers");
        assert!(lines[0].title.contains("138****2741"));
        vendor.get(&path(TOKEN, "&id=x&status=y")).await.is(200);
    });
}

#[test]
fn without_a_secret_no_receipt_is_taken() {
    actix_web::rt::System::new().block_on(async {
        let t = TestApp::new();
        t.nobody().get("/gateways/sms/receipts?token=&id=1&status=DELIVRD").await.is(404);
        t.nobody().get("/gateways/sms/receipts").await.is(404);
    });
}

#[test]
fn what_was_sent_long_ago_without_a_receipt_gets_a_note() {
    let t = TestApp::with(|config| {
        config.sms.gateway = "http".to_owned();
        config.sms.http.url = "http://127.0.0.1:1/".to_owned();
        config.sms.receipt_token = TOKEN.to_owned();
    });
    let post = Post::new(&t.app, "13800002741");
    let id = post.add(Channel::Sms, 1)[0];
    let now = post.now();
    let minute = chrono::Duration::minutes(1);
    let db = &t.app.db;
    db.write("claim", |db| outbox::claim(db, Channel::Sms, false, now, minute, "a", 9)).unwrap();
    let what = outbox::Settle::Sent { gateway: "http".to_owned(), reference: String::new() };
    db.write("s", |db| outbox::finish(db, "a", &[outbox::Settled { id, what: what.clone() }], now))
        .unwrap();
    let read = || read_delivery_receipts::run(&t.app, t.app.clock.today()).unwrap();
    for _ in 0..3 {
        read();
        assert_eq!(post.row(id).problem, "");
        post.next_day();
    }
    post.next_day();
    read();
    assert!(post.row(id).problem.contains("没有收到回执"));
    assert_eq!(post.row(id).state, State::Sent);
    // It comes after all.
    let late =
        Receipt { gateway: "http".to_owned(), ..receipt(Some(id), "", Delivery::Delivered, &post) };
    db.write("r", |db| outbox::record_receipt(db, &late, now)).unwrap();
    assert_eq!((post.row(id).state, post.row(id).problem), (State::Delivered, String::new()));
}
