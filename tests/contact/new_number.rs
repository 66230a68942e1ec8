//! A new number: from the person it is on file at once, in one step; from anybody else another
//! member of staff accepts it, or whoever has called it.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{contact_change, contact_record, message, person, person_phone};

use super::{NAME, file_no, keep, planned};
use crate::borrower::town::read;
use crate::support::TestApp;

/// Mask and state of a student's numbers, and what came of the last try, in the order of the file.
fn numbers(t: &TestApp) -> Vec<(String, String, String)> {
    read(t, |db| {
        Ok(person_phone::table
            .inner_join(person::table)
            .filter(person::name.eq(NAME))
            .order(person_phone::recorded_at.desc())
            .select((person_phone::phone_mask, person_phone::state, person_phone::tried))
            .load(db)?)
    })
}

fn open_changes(t: &TestApp) -> i64 {
    read(t, |db| {
        let open = contact_change::table.filter(contact_change::state.eq("proposed"));
        Ok(open.count().get_result(db)?)
    })
}

#[test]
fn a_caller_says_the_new_number_and_it_is_on_file() {
    planned(async |t| {
        t.set_day("2026-11-02");
        let mut clerk = t.sign_in(Role::Clerk);
        let here = format!("/loans/{}", file_no(&t, NAME));
        let to = format!("{here}/phones");
        let page = clerk.get(&here).await;
        page.is(200).says(&["更新电话", "别人转告，核对以后生效"]);
        let key = page.hidden("key");
        let none = clerk.post(&to, &[("key", &key), ("heard_from", "self")]).await;
        none.is(422).says(&["请填写新号码", "有 1 处要改"]);
        let wrong = clerk.post(&to, &[("phone", "12345"), ("heard_from", "self")]).await;
        wrong.is(422).says(&["有 1 处要改", "value=\"12345\""]);
        let fields = [("key", key.as_str()), ("phone", "164 1100 9999"), ("remark", "换了卡")];
        for _ in 0..2 {
            clerk.post(&to, &fields).await.is(303);
        }
        let page = clerk.get(&here).await;
        page.says(&["164****9999", "更新电话（", "原号码", "164****2766"]);
        let text = &page.text;
        assert!(text.find("164****9999") < text.find("164****2766"), "the newest is called first");
        let page = clerk.get(&format!("{here}/history")).await;
        page.says(&["登记吕凤欢的新电话 164****9999", "换了卡"]);
        assert_eq!((numbers(&t).len(), open_changes(&t)), (2, 0), "no page of one's own changes");
        let rows: i64 = read(&t, |db| Ok(contact_record::table.count().get_result(db)?));
        assert_eq!(rows, 0, "no forced contact");
        let alarms: Vec<(String, String)> = read(&t, |db| {
            let reason = message::reason.eq("contact_decided");
            Ok(message::table
                .filter(reason)
                .select((message::channel, message::to_mask))
                .load(db)?)
        });
        let to_the_old = ("sms".to_owned(), "164****2766".to_owned());
        assert_eq!(alarms, [to_the_old], "whoever had the old number hears of it, once");

        // The old number is theirs again: it is used first, no second row.
        t.set_day("2026-11-03");
        let mut clerk = t.sign_in(Role::Clerk);
        let old = read(&t, |db| {
            let rows = person_phone::table.inner_join(person::table).filter(person::name.eq(NAME));
            let sealed: Vec<u8> =
                rows.order(person_phone::id).select(person_phone::phone_sealed).first(db)?;
            Ok(sealed)
        });
        let field = zhuxue::plumbing::crypto::Field::Phone;
        let old = t.app.sealer.open_text(field, &old).unwrap();
        clerk.post(&to, &[("phone", old.as_str()), ("key", "2")]).await.is(303);
        let first = numbers(&t).remove(0);
        assert_eq!((first.0.as_str(), numbers(&t).len()), ("164****2766", 2));

        clerk.post(&to, &[("phone", "16411007777"), ("person", "1")]).await.is(422);
        t.sign_in(Role::Auditor).post(&to, &fields).await.is(403);
        clerk.post("/loans/LZ1999-0001/phones", &fields).await.is(404);
    });
}

#[test]
fn what_somebody_else_passes_on_is_accepted_by_another_or_after_a_call() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let to = format!("/loans/{}/phones", file_no(&t, NAME));
        let fields = [("phone", "164 1100 9999"), ("heard_from", "other"), ("key", "1")];
        clerk.post(&to, &fields).await.is(303);
        assert_eq!((numbers(&t).len(), open_changes(&t)), (1, 1));
        let list = clerk.get("/contact-changes").await;
        list.is(200).says(&["更新电话（", "自己录入的由另一位工作人员接受"]);
        let form = list.text.split("action=\"/contact-changes/").nth(1).unwrap();
        let id = form.split('"').next().unwrap().to_owned();
        let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap();
        let seen = seen.split('"').next().unwrap().to_owned();
        let at = format!("/contact-changes/{id}");
        let accept = [("decision", "accept"), ("seen", seen.as_str())];
        clerk.post(&at, &accept).await.is(422).says(&["录入人不能自己接受"]);
        let shown = clerk.post("/reveal", &[("kind", "contact"), ("id", &id)]).await;
        shown.is(200).says(&["16411009999"]);
        let called = [accept[0], accept[1], ("reached", "1")];
        clerk.post(&at, &called).await.is(303);
        let now = numbers(&t);
        let newest = (now[0].0.as_str(), now[0].1.as_str(), now[0].2.as_str());
        assert_eq!(newest, ("164****9999", "on_file", "works"));

        let fields = [("phone", "164 1100 8888"), ("heard_from", "other"), ("key", "2")];
        clerk.post(&to, &fields).await.is(303);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let list = reviewer.get("/contact-changes").await;
        assert!(!list.text.contains("自己录入的由另一位"));
        let form = list.text.split("action=\"/contact-changes/").nth(1).unwrap();
        let at = format!("/contact-changes/{}", form.split('"').next().unwrap());
        let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap();
        let seen = seen.split('"').next().unwrap();
        reviewer.post(&at, &[("decision", "accept"), ("seen", seen)]).await.is(303);
        assert_eq!((numbers(&t).len(), open_changes(&t)), (3, 0));
    });
}

#[test]
fn the_page_of_the_family_takes_a_number_alone() {
    planned(async |t| {
        t.set_day("2026-11-02");
        let mut clerk = t.sign_in(Role::Clerk);
        let page = format!("/family-contacts/{}", file_no(&t, NAME));
        let only = [("on_day", "2026-11-02"), ("whose", "student"), ("new_phone", "16411009999")];
        keep(&mut clerk, &page, &only).await.is(303);
        assert_eq!((numbers(&t).len(), open_changes(&t)), (2, 0));
        let rows: i64 = read(&t, |db| Ok(contact_record::table.count().get_result(db)?));
        assert_eq!(rows, 0);
        let by_mother = [
            ("on_day", "2026-11-02"),
            ("channel", "call"),
            ("party", "family"),
            ("outcome", "left_word"),
            ("whose", "student"),
            ("new_phone", "16411007777"),
        ];
        keep(&mut clerk, &page, &by_mother).await.is(303);
        assert_eq!((numbers(&t).len(), open_changes(&t)), (2, 1), "her word waits");
    });
}
