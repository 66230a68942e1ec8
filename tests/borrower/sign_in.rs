//! The way in: who gets a code, what a wrong one costs, and that the answer never tells whether
//! a person exists.

use diesel::prelude::*;

use super::town::{
    PARENT, STRANGER, STUDENT, ask, code_in, each, enter, fill, messages, offices_of_messages,
    read, sign_in,
};
use crate::support::TestApp;
use zhuxue::base::ids::PersonId;
use zhuxue::book::staff::Role;
use zhuxue::borrower::code::{self, NewCode};
use zhuxue::plumbing::schema::{history, person, person_phone, session};

/// Moves the clock on by so many minutes.
fn later(t: &TestApp, minutes: i64) {
    t.app.clock.set_at(t.app.clock.now_at() + chrono::Duration::minutes(minutes));
}

#[test]
fn the_code_on_the_phone_opens_the_page() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        let home = browser.get("/m").await;
        home.is(200).says(&["吕凤欢，您好。", "确认联系方式", "谨防诈骗", "028-23350000"]);
        assert!(!home.text.contains("<script"), "{}", home.text);
        let texts = messages(&t);
        assert_eq!(texts.len(), 1);
        assert!(texts[0].contains("不要告诉任何人"), "{texts:?}");
        let notes: Vec<String> = read(&t, |db| {
            Ok(history::table
                .filter(history::action.eq("borrower_signed_in"))
                .select(history::summary)
                .load(db)?)
        });
        assert_eq!(notes, ["本人吕凤欢用短信验证码登录了手机页面"]);
    });
}

#[test]
fn the_co_borrower_sees_the_same_loan_by_a_code_to_their_own_phone() {
    each(async |t| {
        let mut browser = sign_in(&t, PARENT).await;
        let home = browser.get("/m").await;
        home.is(200).says(&["吕康强，您好。", "吕凤欢的贷款，您是共同借款人", "20,000.00"]);
        browser.get("/m/schedule").await.is(200).says(&["吕凤欢的贷款"]);
    });
}

#[test]
fn the_answer_is_the_same_for_somebody_nobody_knows() {
    each(async |t| {
        let (mut known, mut unknown) = (t.nobody(), t.nobody());
        let one = ask(&mut known, STUDENT).await;
        let other = ask(&mut unknown, STRANGER).await;
        assert_eq!(one.status, other.status);
        assert_eq!(one.header("location"), other.header("location"));
        assert_eq!(messages(&t).len(), 1, "only the known person gets a message");
        let plain = |text: &str| text.replace(|c: char| c.is_ascii_hexdigit(), "");
        let (one, other) = (known.get("/m/code").await, unknown.get("/m/code").await);
        assert_eq!(plain(&one.text), plain(&other.text));
        for left in ["4 次", "3 次", "2 次", "1 次", "不能用了"] {
            let one = enter(&mut known, "000000").await;
            let other = enter(&mut unknown, "000000").await;
            one.is(422).says(&[left]);
            assert_eq!(plain(&one.text), plain(&other.text));
        }
        let (one, other) = (enter(&mut known, "1").await, enter(&mut unknown, "1").await);
        assert_eq!((one.status, plain(&one.text)), (other.status, plain(&other.text)));
        // Asked again at once: both have to wait.
        for (browser, id) in [(&mut known, STUDENT), (&mut unknown, STRANGER)] {
            ask(browser, id).await.is(429).says(&["要得太勤"]);
        }
    });
}

#[test]
fn five_wrong_codes_and_the_right_one_is_worth_nothing() {
    each(async |t| {
        let mut browser = t.nobody();
        ask(&mut browser, STUDENT).await.is(303);
        let code = code_in(&messages(&t)[0]);
        let wrong = if code == "111111" { "222222" } else { "111111" };
        for _ in 0..5 {
            enter(&mut browser, wrong).await.is(422);
        }
        let answer = enter(&mut browser, &code).await;
        assert!(matches!(answer.status, 422 | 429), "{}", answer.status);
        browser.get("/m").await.is(303);
    });
}

#[test]
fn a_code_is_good_for_five_minutes_once_and_only_in_its_browser() {
    each(async |t| {
        let (mut browser, mut thief) = (t.nobody(), t.nobody());
        ask(&mut browser, STUDENT).await.is(303);
        ask(&mut thief, STRANGER).await.is(303);
        let code = code_in(&messages(&t)[0]);
        enter(&mut thief, &code).await.is(422);
        let kept = browser.cookies.clone();
        enter(&mut browser, &code).await.is(303);
        browser.cookies = kept;
        enter(&mut browser, &code).await.is(422).says(&["不能用了"]);
        // Another one, and too late.
        later(&t, 2);
        let mut late = t.nobody();
        ask(&mut late, STUDENT).await.is(303);
        let code = code_in(messages(&t).last().unwrap());
        t.set_day("2026-11-01");
        enter(&mut late, &code).await.is(422).says(&["不能用了"]);
    });
}

#[test]
fn codes_are_counted_in_a_day() {
    each(async |t| {
        let mut answers = Vec::new();
        for _ in 0..12 {
            let mut browser = t.nobody();
            answers.push(ask(&mut browser, STUDENT).await.status);
            later(&t, 10);
        }
        assert!(answers.starts_with(&[303, 303, 303]), "{answers:?}");
        assert_eq!(answers[11], 429, "{answers:?}");
        assert!(messages(&t).len() <= 8);
    });
}

#[test]
fn a_stranger_who_asks_for_codes_is_released_by_a_clerk_and_takes_no_code_away() {
    each(async |t| {
        // The owner has asked; strangers ask from eight addresses before the code is typed.
        let mut owner = t.nobody();
        ask(&mut owner, STUDENT).await.is(303);
        let code = code_in(&messages(&t)[0]);
        for n in 0..8 {
            let mut stranger = t.nobody();
            stranger.peer = format!("198.51.100.{n}:50000");
            ask(&mut stranger, STUDENT).await;
        }
        assert_eq!(messages(&t).len(), 8);
        enter(&mut owner, &code).await.is(303);
        // Signed out, the owner's own phone gets a code at once; a new one does not.
        owner.cookies.retain(|(name, _)| name == "zhuxue_d");
        ask(&mut owner, STUDENT).await.is(303);
        let mut new = t.nobody();
        ask(&mut new, STUDENT).await.is(303);
        new.peer = "198.51.100.99:50000".to_owned();
        ask(&mut new, STUDENT).await.is(429);
        let mut clerk = t.sign_in(Role::Clerk);
        let no = clerk.get("/search?q=%E5%90%95%E5%87%A4%E6%AC%A2").await;
        let no = no.header("location").to_owned();
        let page = clerk.get(&no).await;
        page.is(200).says(&["短信验证码要得太多，新手机暂停到", "解除"]);
        let person = page.hidden("person");
        let release = format!("{no}/release");
        clerk.post(&release, &[("person", "1")]).await.is(404);
        t.sign_in(Role::Auditor).post(&release, &[("person", &person)]).await.is(403);
        clerk.post(&release, &[("person", &person)]).await.is(303);
        assert!(!clerk.get(&no).await.text.contains("新手机暂停到"));
        clerk.get(&format!("{no}/history")).await.says(&["解除吕凤欢的短信验证码暂停"]);
        ask(&mut new, STUDENT).await.is(303);
    });
}

#[test]
fn beyond_the_ceiling_no_code_leaves_and_the_desk_sees_it_red() {
    each(async |t| {
        let today = t.app.clock.today();
        let most = t.app.policy().code_limit.on(today).an_hour;
        let someone: PersonId = read(&t, |db| Ok(person::table.select(person::id).first(db)?));
        let now = t.app.clock.now_at();
        t.app
            .db
            .write("test codes", |db| {
                for n in 0..most {
                    let new = NewCode {
                        id: n + 1,
                        office_code: "512022".to_owned(),
                        person_id: Some(someone),
                        subject: n.to_be_bytes().to_vec(),
                        request: n.to_string(),
                        code: "123456".to_owned(),
                    };
                    code::add(db, &new, now)?;
                }
                Ok(())
            })
            .unwrap();
        let problem = ["要验证码的人太多，现在发不出，请 60 分钟后再试", "请打电话给中心"];
        for id in [STUDENT, STRANGER] {
            ask(&mut t.nobody(), id).await.is(429).says(&problem);
        }
        assert!(messages(&t).is_empty());
        let red = ["登录验证码一小时里发了 600 条，约 30.00 元，已到上限"];
        t.sign_in(Role::Director).get("/home").await.is(200).says(&red);
        t.sign_in(Role::Administrator).get("/admin").await.is(200).says(&red);
        later(&t, 61);
        ask(&mut t.nobody(), STUDENT).await.is(303);
        assert_eq!(messages(&t).len(), 1);
        assert!(!t.sign_in(Role::Director).get("/home").await.text.contains("登录验证码"));
        assert!(!t.sign_in(Role::Administrator).get("/admin").await.text.contains("登录验证码"));
    });
}

#[test]
fn a_dead_number_gets_no_code_and_says_nothing_of_it() {
    each(async |t| {
        t.app
            .db
            .write("test", |db| {
                diesel::update(person_phone::table)
                    .set(person_phone::state.eq("dead"))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let mut browser = t.nobody();
        ask(&mut browser, STUDENT).await.is(303);
        assert!(messages(&t).is_empty());
    });
}

#[test]
fn a_number_that_is_none_is_told_before_anything_happens() {
    each(async |t| {
        let mut browser = t.nobody();
        for text in ["", "123", "512097200801279961", "<script>"] {
            ask(&mut browser, text).await.is(422).says(&["请对照身份证再填一次"]);
        }
        let forged = browser.post_bare("/m/sign-in", &[("id_number", STUDENT)]).await;
        forged.is(403);
        assert!(messages(&t).is_empty());
    });
}

#[test]
fn a_session_ends_by_hand_by_idling_and_from_another_phone() {
    each(async |t| {
        let mut first = sign_in(&t, STUDENT).await;
        later(&t, 2);
        let mut second = sign_in(&t, STUDENT).await;
        first.get("/m").await.is(200);
        second.get("/m/settings").await.says(&["退出其他手机"]);
        second.post_bare("/m/settings/sessions", &[("csrf", "wrong")]).await.is(403);
        second.post("/m/settings/sessions", &[]).await.is(303);
        assert_eq!(first.get("/m").await.header("location"), "/m/sign-in");
        let kept = second.cookies.clone();
        second.post("/m/sign-out", &[]).await.is(303);
        second.cookies = kept;
        second.get("/m").await.is(303);
        later(&t, 2);
        let mut third = sign_in(&t, STUDENT).await;
        let idle = t.app.clock.now_at() - chrono::Duration::minutes(31);
        t.app
            .db
            .write("test", |db| {
                diesel::update(session::table).set(session::seen_at.eq(idle)).execute(db)?;
                Ok(())
            })
            .unwrap();
        third.get("/m").await.is(303);
    });
}

#[test]
fn two_offices_keep_their_people_apart_and_one_person_moves_between_them() {
    each(async |t| {
        t.add_office("512021", "AY", "安岳县学生资助管理中心");
        fill(&t, "512021");
        let mut browser = sign_in(&t, STUDENT).await;
        let first = browser.get("/m").await;
        let page = browser.get("/m/files").await;
        page.is(200).says(&["您在那里也有贷款"]);
        let other = if page.text.contains("value=\"512021\"") { "512021" } else { "512022" };
        browser.post("/m/files", &[("office", "999999")]).await.is(404);
        browser.post("/m/files", &[("office", other)]).await.is(303);
        let second = browser.get("/m").await;
        second.is(200);
        let names = ["安岳县学生资助", "乐至县学生资助"];
        let of = |text: &str| names.into_iter().find(|name| text.contains(name)).unwrap();
        assert_ne!(of(&first.text), of(&second.text));
        // The one who is asked for by name gets the code.
        later(&t, 2);
        let mut chosen = t.nobody();
        let token = chosen.get("/m/sign-in").await.hidden("csrf");
        let fields = [("csrf", token.as_str()), ("id_number", STUDENT), ("office", "512021")];
        chosen.post_bare("/m/sign-in", &fields).await.is(303);
        assert_eq!(offices_of_messages(&t).pop().unwrap(), "512021");
    });
}
