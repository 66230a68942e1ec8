//! The last look before sending: what was overtaken is cancelled or told anew.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use zhuxue::base::dates;
use zhuxue::base::scope::Scope;
use zhuxue::book::notice::wishes::{self, Wish};
use zhuxue::book::notice::{Kind, Verdict, revalidate, stops};
use zhuxue::book::person::{self, PhoneState};
use zhuxue::jobs;
use zhuxue::plumbing::outbox::{Channel, Message};
use zhuxue::plumbing::schema::{file_position, loan_position};

use super::{messages, text, with_sample};
use crate::support::county::day;
use crate::support::{OFFICE, TestApp, each};

fn verdict(t: &TestApp, message: &Message, now: NaiveDateTime) -> Verdict {
    let batch = messages(t);
    let found = t.app.db.read(|db| revalidate(&t.app, db, &batch, now)).unwrap();
    assert_eq!(found.len(), batch.len(), "a verdict for each");
    found[&message.id].clone()
}

fn cancelled(t: &TestApp, message: &Message, words: &str) {
    let now = t.app.clock.now_at();
    match verdict(t, message, now) {
        Verdict::Cancel(why) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}, not {words}"),
    }
}

#[test]
fn what_was_overtaken_is_not_sent() {
    each(async |t| {
        let t = with_sample(t);
        t.set_day("2026-12-10");
        jobs::close_day::run(&t.app, day("2026-12-10")).unwrap();
        (jobs::send_due_reminders::JOB.run)(&t.app, day("2026-12-10")).unwrap();
        let all = messages(&t);
        let scope = Scope::of(OFFICE);
        let now = t.app.clock.now_at();
        let one = |n: usize| all[n * 2].clone();

        // As written: the number in full, the text as it stands.
        match verdict(&t, &one(0), now) {
            Verdict::Send { to, text: sent, html, .. } => {
                assert_eq!((to.len(), html), (11, None));
                assert_eq!(sent, text(&t, &one(0)));
            }
            other => panic!("{other:?}"),
        }
        // At night: in the morning.
        let night = dates::starts_at(day("2026-12-10")) + chrono::Duration::hours(23);
        let morning = dates::starts_at(day("2026-12-11")) + chrono::Duration::hours(8);
        assert_eq!(verdict(&t, &one(0), night), Verdict::NotBefore(morning));

        // Another amount: told anew, under the same check code.
        let file = one(1).file_id.unwrap();
        let amount = |fen: i64| {
            t.app
                .db
                .write("amount", |db| {
                    diesel::update(file_position::table.find(file))
                        .set(file_position::next_due_fen.eq(fen))
                        .execute(db)?;
                    Ok(())
                })
                .unwrap();
        };
        amount(123_456);
        match verdict(&t, &one(1), now) {
            Verdict::Send { text, .. } => {
                assert!(text.contains("¥1,234.56") && text.contains(&one(1).check_code), "{text}");
                assert!(text.contains("12月20日"), "{text}");
            }
            other => panic!("{other:?}"),
        }
        // Paid meanwhile.
        amount(0);
        cancelled(&t, &one(1), "已经还上");
        // Paid ahead, known to the contract only.
        let file = one(2).file_id.unwrap();
        t.app
            .db
            .write("ahead", |db| {
                diesel::update(loan_position::table.filter(loan_position::file_id.eq(file)))
                    .set(loan_position::unapplied_fen.eq(99_999_999))
                    .execute(db)?;
                diesel::update(file_position::table.find(file))
                    .set(file_position::unapplied_fen.eq(99_999_999))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        cancelled(&t, &one(2), "已经还上");

        // No number works any more; does not want it; died.
        let person = one(3).person_id.unwrap();
        let phones = t.app.db.read(|db| person::phones_of(db, &scope, &[person])).unwrap();
        t.app
            .db
            .write("dead", |db| {
                for phone in &phones {
                    person::set_phone_state(db, phone.id, PhoneState::Dead)?;
                }
                let none = Wish { sms: false, email: true };
                let other = one(4).person_id.unwrap();
                wishes::set(db, &scope, other, Kind::Repayment, none, now)?;
                let stop = stops::Suppression {
                    person_id: one(5).person_id.unwrap(),
                    office_code: OFFICE.to_owned(),
                    why: stops::Why::Died,
                    note: String::new(),
                    by_name: "韦清越".to_owned(),
                    since: now,
                };
                stops::put(db, &scope, &stop)
            })
            .unwrap();
        cancelled(&t, &one(3), "没有能用的手机号");
        cancelled(&t, &one(4), "不要这一类");
        cancelled(&t, &one(5), "去世");

        // The due day has passed.
        t.set_day("2026-12-21");
        cancelled(&t, &one(0), "时间已经过了");
    });
}

#[test]
fn mail_goes_beside_the_sms_and_vendors_get_their_fields() {
    let t = with_sample(TestApp::with(|config| {
        config.mail.gateway = "spool".to_owned();
        config.sms.templates.insert("due_reminder".to_owned(), "SMS_1".to_owned());
    }));
    t.set_day("2026-12-10");
    jobs::close_day::run(&t.app, day("2026-12-10")).unwrap();
    (jobs::send_due_reminders::JOB.run)(&t.app, day("2026-12-10")).unwrap();
    let all = messages(&t);
    let mail = all.iter().find(|m| m.channel == Channel::Email).unwrap();
    assert!(mail.to_mask.contains("***@") && mail.parts == 0 && mail.phone_id.is_none());
    match verdict(&t, mail, t.app.clock.now_at()) {
        Verdict::Send { to, title, html, .. } => {
            assert!(to.contains('@') && title.contains("还款提醒"), "{to} {title}");
            let html = html.unwrap();
            assert!(html.contains(&mail.check_code) && html.contains("028-23350000"), "{html}");
        }
        other => panic!("{other:?}"),
    }
    let sms = all.iter().find(|m| m.channel == Channel::Sms).unwrap();
    assert!(!sms.vendor_fields.is_empty() && !sms.vendor_fields.contains('¥'), "sealed");
    match verdict(&t, sms, t.app.clock.now_at()) {
        Verdict::Send { params, .. } => {
            assert_eq!(params["check_code"], sms.check_code.as_str());
            assert_eq!(params["due_on"], "12月20日");
        }
        other => panic!("{other:?}"),
    }
}
