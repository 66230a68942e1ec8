//! The table of messages on both databases: claims, leases, settlements, groups, clocks.

use std::collections::BTreeSet;
use std::sync::Mutex;

use chrono::Duration;
use zhuxue::base::scope::Scope;
use zhuxue::plumbing::outbox::{self, Channel, Group, Settle, Settled, State};

use super::Post;
use crate::support::database::on_both;
use crate::support::{OFFICE, TestApp};

const MINUTE: Duration = Duration::minutes(1);

fn scope() -> Scope {
    Scope::of(OFFICE)
}

fn sent(id: i64) -> Settled {
    let what = Settle::Sent { gateway: "test".to_owned(), reference: format!("r{id}") };
    Settled { id, what }
}

#[test]
fn four_claimers_never_get_the_same_message() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 400);
        let now = post.now();
        let got: Mutex<Vec<i64>> = Mutex::default();
        std::thread::scope(|threads| {
            for n in 0..4 {
                let (app, got) = (&t.app, &got);
                threads.spawn(move || {
                    let by = format!("claimer {n}");
                    loop {
                        let claim = app.db.write("claim", |db| {
                            outbox::claim(db, Channel::Sms, false, now, MINUTE, &by, 17)
                        });
                        let rows = claim.unwrap();
                        if rows.is_empty() {
                            break;
                        }
                        let all: Vec<Settled> = rows.iter().map(|row| sent(row.id)).collect();
                        let done = app
                            .db
                            .write("settle", |db| outbox::finish(db, &by, &all, now))
                            .unwrap();
                        assert_eq!(done, all.len());
                        got.lock().unwrap().extend(rows.iter().map(|row| row.id));
                    }
                });
            }
        });
        let got = got.into_inner().unwrap();
        assert_eq!(got.len(), 400, "each once");
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), ids.iter().copied().collect());
        assert_eq!(post.states(&ids), [State::Sent]);
        assert_eq!(post.row(ids[7]).gateway_ref, format!("r{}", ids[7]));
    });
}

#[test]
fn urgent_ones_first_then_by_time_and_only_when_due() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let post = Post::new(&t.app, "13800002741");
        let mut rows: Vec<_> = (0..4).map(|n| post.message(Channel::Sms, n)).collect();
        let now = post.now();
        for row in &mut rows {
            row.urgent = false;
            row.not_before = now - MINUTE * 3;
        }
        rows[0].not_before = now - MINUTE;
        rows[1].not_before = now - MINUTE * 2;
        rows[2].urgent = true;
        rows[3].not_before = now + MINUTE;
        post.add_rows(&rows);
        assert_eq!(
            t.app.db.write("again", |db| outbox::add(db, &rows)).unwrap(),
            0,
            "one subject, reason and day: one message"
        );
        let urgent = t
            .app
            .db
            .write("claim", |db| outbox::claim(db, Channel::Sms, true, now, MINUTE, "a", 10));
        assert_eq!(urgent.unwrap().iter().map(|row| row.id).collect::<Vec<_>>(), [rows[2].id]);
        let rest = t
            .app
            .db
            .write("claim", |db| outbox::claim(db, Channel::Sms, false, now, MINUTE, "a", 10));
        assert_eq!(
            rest.unwrap().iter().map(|row| row.id).collect::<Vec<_>>(),
            [rows[1].id, rows[0].id]
        );
    });
}

#[test]
fn a_lease_that_ran_out_is_taken_back_or_becomes_unsure() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let post = Post::new(&t.app, "13800002741");
        let (sms, mail) = (post.add(Channel::Sms, 1)[0], post.add(Channel::Email, 1)[0]);
        let now = post.now();
        let write = |what: &'static str, later: Duration| {
            t.app
                .db
                .write(what, |db| match what {
                    "claim" => {
                        outbox::claim(db, Channel::Sms, false, now, MINUTE, "dead", 9)?;
                        outbox::claim(db, Channel::Email, false, now, MINUTE, "dead", 9)?;
                        Ok(0)
                    }
                    _ => Ok(outbox::recover(db, Channel::Email, true, now + later)?
                        + outbox::recover(db, Channel::Sms, false, now + later)?),
                })
                .unwrap()
        };
        write("claim", MINUTE);
        assert_eq!(write("recover", Duration::seconds(59)), 0);
        assert_eq!(post.states(&[sms, mail]), [State::Sending]);
        assert_eq!(write("recover", Duration::seconds(61)), 2);
        assert_eq!(post.row(mail).state, State::Waiting);
        assert_eq!(post.row(sms).state, State::Unsure);
        // The sender lives after all: what it says counts for the unsure one, which nobody else
        // has, and not for the one that is somebody else's again.
        let all = [sent(sms), sent(mail)];
        let done = t.app.db.write("settle", |db| outbox::finish(db, "dead", &all, now));
        assert_eq!(done.unwrap(), 1);
        assert_eq!(post.row(sms).state, State::Sent);
        assert_eq!(post.row(mail).state, State::Waiting);
    });
}

#[test]
fn a_clock_set_back_does_not_keep_messages_claimed() {
    let t = TestApp::new();
    let post = Post::new(&t.app, "13800002741");
    let id = post.add(Channel::Email, 1)[0];
    let now = post.now();
    t.app
        .db
        .write("claim", |db| outbox::claim(db, Channel::Email, false, now, MINUTE, "x", 9))
        .unwrap();
    let yesterday = now - Duration::days(1);
    let back = t.app.db.write("recover", |db| outbox::recover(db, Channel::Email, true, yesterday));
    assert_eq!(back.unwrap(), 1, "a lease of tomorrow is nobody's");
    assert_eq!(post.row(id).state, State::Waiting);
}

#[test]
fn a_mass_sending_is_stopped_goes_on_and_is_cancelled() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        t.add_office("512021", "AY", "安岳县学生资助管理中心");
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 10);
        let now = post.now();
        let group = Group { reason: "sign_in_code".to_owned(), planned_on: t.app.clock.today() };
        let db = &t.app.db;
        let claimed =
            db.write("claim", |db| outbox::claim(db, Channel::Sms, false, now, MINUTE, "a", 3));
        let claimed = claimed.unwrap();
        let other = Scope::of("512021");
        assert_eq!(db.write("hold", |db| outbox::hold(db, &other, &group, now)).unwrap(), 0);
        assert_eq!(db.write("hold", |db| outbox::hold(db, &scope(), &group, now)).unwrap(), 7);
        let all: Vec<Settled> = claimed.iter().map(|row| sent(row.id)).collect();
        db.write("settle", |db| outbox::finish(db, "a", &all, now)).unwrap();
        let progress = db.read(|db| outbox::progress(db, &scope(), &group)).unwrap();
        assert_eq!((progress.all(), progress.done(), progress.open()), (10, 3, 7));
        assert_eq!((progress.percent(), progress.is_held()), (30, true));
        assert_eq!(db.write("go", |db| outbox::release(db, &scope(), &group, now)).unwrap(), 7);
        let one = &ids[5..6];
        let why = "本人已还清";
        assert_eq!(db.write("c", |db| outbox::cancel(db, &other, one, why, now)).unwrap(), 0);
        assert_eq!(db.write("c", |db| outbox::cancel(db, &scope(), one, why, now)).unwrap(), 1);
        assert_eq!(post.row(ids[5]).problem, why);
        let rest = db.write("c", |db| outbox::cancel_group(db, &scope(), &group, why, now));
        assert_eq!(rest.unwrap(), 6, "what was sent stays sent");
        let day = group.planned_on;
        let groups = db.read(|db| outbox::groups(db, &scope(), day, day)).unwrap();
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].1.of(State::Cancelled), 7);
        let some = |scope: &Scope, limit: i64| {
            let sent = db.read(|db| outbox::of_group(db, scope, &group, &[State::Sent], limit));
            sent.unwrap().len()
        };
        assert_eq!((some(&scope(), 10), some(&scope(), 2), some(&other, 10)), (3, 2, 0));
        let person = db.read(|db| outbox::of_person(db, &scope(), post.person, 50)).unwrap();
        assert_eq!(person.len(), 10);
        let by_code = |code: &str| db.read(|db| outbox::by_check_code(db, code)).unwrap();
        assert_eq!(by_code("C0").map(|row| row.id), Some(ids[0]));
        assert_eq!(by_code("C9"), None, "it never left");
        assert_eq!(by_code(""), None);
    });
}

#[test]
fn staff_decide_about_an_unsure_one() {
    on_both(|kind| {
        let t = TestApp::on(kind);
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 3);
        let now = post.now();
        let db = &t.app.db;
        db.write("claim", |db| outbox::claim(db, Channel::Sms, false, now, MINUTE, "a", 9))
            .unwrap();
        let unsure: Vec<Settled> = ids
            .iter()
            .map(|id| Settled { id: *id, what: Settle::Unsure("?".to_owned()) })
            .collect();
        db.write("settle", |db| outbox::finish(db, "a", &unsure, now)).unwrap();
        assert_eq!(post.states(&ids), [State::Unsure]);
        assert!(db.write("x", |db| outbox::mark_sent(db, &scope(), ids[0], now)).unwrap());
        assert!(!db.write("x", |db| outbox::mark_sent(db, &scope(), ids[0], now)).unwrap());
        assert!(db.write("x", |db| outbox::resend(db, &scope(), ids[1], now)).unwrap());
        assert!(!db.write("x", |db| outbox::resend(db, &scope(), ids[0], now)).unwrap());
        let why = "本人说收到了";
        assert_eq!(db.write("x", |db| outbox::cancel(db, &scope(), &ids, why, now)).unwrap(), 2);
        assert_eq!(post.row(ids[0]).state, State::Sent);
    });
}

#[test]
fn what_is_of_no_use_any_more_is_cancelled() {
    let t = TestApp::with(|config| config.sms.gateway = "spool".to_owned());
    let post = Post::new(&t.app, "13800002741");
    let now = post.now();
    let mut rows: Vec<_> = (0..3).map(|n| post.message(Channel::Sms, n)).collect();
    rows[0].expires_at = Some(now - MINUTE);
    rows[1].expires_at = Some(now - MINUTE);
    rows[1].state = State::Held;
    rows[2].expires_at = Some(now + MINUTE * 5);
    post.add_rows(&rows);
    assert_eq!(post.deliver(), (1, 0, 0));
    assert_eq!(post.states(&[rows[0].id, rows[1].id]), [State::Cancelled]);
    assert_eq!(post.row(rows[2].id).state, State::Sent);
}
