//! Contacts: confirmed or corrected by the borrower, accepted or refused by staff.

use diesel::prelude::*;

use super::town::{STUDENT, each, read, sign_in};
use zhuxue::book::contact::change::{self, Change};
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{contact_change, contact_confirmation, person, person_phone};

#[test]
fn confirming_counts_once_a_year() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        let page = browser.get("/m/contacts").await;
        page.is(200).says(&["164****2766", "太平寺村*组**号", "都没变，确认"]);
        for _ in 0..2 {
            browser.post("/m/contacts/confirm", &[]).await.is(303);
        }
        let rows: i64 = read(&t, |db| Ok(contact_confirmation::table.count().get_result(db)?));
        assert_eq!(rows, 1);
        let home = browser.get("/m").await;
        assert!(!home.text.contains("今年还有一件事"));
    });
}

#[test]
fn what_cannot_be_right_is_told_in_one_sentence() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        for (field, value, says) in [
            ("phone", "12345", "手机号不对"),
            ("email", "nobody", "邮箱不对"),
            ("address", "村里", "住址请写清楚"),
            ("phone", "", "哪里变了就填哪里"),
        ] {
            browser.post("/m/contacts", &[(field, value)]).await.is(422).says(&[says]);
        }
    });
}

#[test]
fn a_change_waits_for_staff_and_then_the_code_goes_to_the_new_phone() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        let fields = [("phone", "164 1100 9999"), ("address", "乐至县宝林镇新村9组1号")];
        browser.post("/m/contacts", &fields).await.is(303);
        browser.get("/m/contacts?done=asked").await.says(&["等核对", "164****9999"]);
        let sealed: Vec<Vec<u8>> = read(&t, |db| {
            Ok(contact_change::table.select(contact_change::value_sealed).load(db)?)
        });
        assert!(sealed.iter().all(|value| !value.windows(5).any(|part| part == b"16411")));

        let mut clerk = t.sign_in(Role::Clerk);
        let list = clerk.get("/contact-changes").await;
        list.is(200).says(&["吕凤欢", "164****9999", "乐至县宝林镇新村9组1号", "本人"]);
        let forms: Vec<(String, String)> = list
            .text
            .split("action=\"/contact-changes/")
            .skip(1)
            .map(|form| {
                let id = form.split('"').next().unwrap().to_owned();
                let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap();
                (id, seen.split('"').next().unwrap().to_owned())
            })
            .collect();
        assert_eq!(forms.len(), 2);
        let old: i64 = read(&t, |db| {
            let mine = person_phone::table
                .inner_join(person::table)
                .filter(person::name.eq("吕凤欢"))
                .select(person_phone::id);
            Ok(mine.first(db)?)
        });
        let old = old.to_string();
        for (id, seen) in &forms {
            let path = format!("/contact-changes/{id}");
            let refuse = [("decision", "refuse"), ("seen", seen.as_str())];
            clerk.post(&path, &refuse).await.is(422).says(&["写一句答复"]);
            let stale = [("decision", "refuse"), ("seen", "1"), ("answer", "电话打不通")];
            let page = clerk.post(&path, &stale).await;
            page.is(409).says(&["别人刚刚改过", "value=\"电话打不通\""]);
            let long = "长".repeat(81);
            let long = [("decision", "accept"), ("answer", long.as_str()), ("dead", old.as_str())];
            let page = clerk.post(&path, &long).await;
            page.is(422).says(&["答复太长", &format!("value=\"{}\"", long[1].1)]);
            assert_eq!(page.text.contains(" checked>"), page.text.contains("标为失效"));
            let accept = [("decision", "accept"), ("seen", seen.as_str()), ("dead", old.as_str())];
            clerk.post(&path, &accept).await.is(303);
            clerk.post(&path, &accept).await.is(409);
        }
        clerk.get("/contact-changes").await.says(&["没有要核对的修改"]);
        browser.get("/m/contacts").await.says(&["已改好", "164****9999", "新村*组*号"]);
        let phones: Vec<(String, String)> = read(&t, |db| {
            Ok(person_phone::table
                .inner_join(person::table)
                .filter(person::name.eq("吕凤欢"))
                .order(person_phone::id)
                .select((person_phone::phone_mask, person_phone::state))
                .load(db)?)
        });
        let phones: Vec<(&str, &str)> =
            phones.iter().map(|(mask, state)| (mask.as_str(), state.as_str())).collect();
        assert_eq!(phones, [("164****2766", "dead"), ("164****9999", "on_file")]);
    });
}

#[test]
fn only_the_office_of_the_borrower_decides() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        browser.post("/m/contacts", &[("email", "a@example.com")]).await.is(303);
        let id: i64 =
            read(&t, |db| Ok(contact_change::table.select(contact_change::id).first(db)?));
        t.add_office("512021", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512021", "other", "别人", Role::Clerk, "");
        let mut other = t.sign_in_as(&other);
        other.get("/contact-changes").await.says(&["没有要核对的修改"]);
        let path = format!("/contact-changes/{id}");
        other.post(&path, &[("decision", "accept"), ("seen", "1")]).await.is(404);
    });
}

/// A clerk heard a number from the family; then whoever holds the borrower's phone types another.
/// The reviewer sees where the one in front of them comes from.
#[test]
fn a_change_written_over_carries_its_own_source() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        let theirs = [("phone", "164 1100 9999")];
        browser.post("/m/contacts", &theirs).await.is(303);
        let heard = |db: &mut zhuxue::plumbing::db::Db| {
            let row: Change = contact_change::table.select(Change::as_select()).first(db)?;
            let source = "家庭联系（张三）".to_owned();
            change::ask(db, &Change { source, file_id: None, asked_by_person: None, ..row })
        };
        t.app.db.write("heard by a clerk", heard).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/contact-changes").await.is(200).says(&["家庭联系（张三）"]);
        browser.post("/m/contacts", &theirs).await.is(303);
        let list = clerk.get("/contact-changes").await;
        assert!(
            !list.text.contains("家庭联系（张三）"),
            "the old source stands beside the new word"
        );
        let files: Vec<Option<i64>> =
            read(&t, |db| Ok(contact_change::table.select(contact_change::file_id).load(db)?));
        assert!(matches!(files[..], [Some(_)]), "{files:?}");
    });
}
