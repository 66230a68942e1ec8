//! Liaisons of villages, schools and stations: their own sheets, and nothing else, whatever they
//! write into the address bar.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{contact_record, history, liaison, sheet_batch};

use crate::borrower::town::{each, read};
use crate::support::{Browser, TestApp};
use crate::visits::{batches, sent, sheets};

const FIRST: &str = "给您的第一个密码请改";
const OWN: &str = "自己想的一句新的密码";

/// Makes an account for the receiver of a batch.
async fn account(t: &TestApp, login: &str, (kind, township): (&str, &str), place: &str) {
    let mut clerk = t.sign_in(Role::Clerk);
    let form = [
        ("kind", kind),
        ("township", township),
        ("place", place),
        ("name", "王主任"),
        ("phone", "13912345678"),
        ("login", login),
        ("password", FIRST),
    ];
    clerk.post("/admin/liaisons", &form).await.is(303);
}

async fn signed_in(t: &TestApp, login: &str, password: &str) -> Browser {
    let mut phone = t.nobody();
    let token = phone.get("/l/login").await.is(200).hidden("csrf");
    let form = [("csrf", token.as_str()), ("login", login), ("password", password)];
    phone.post_bare("/l/login", &form).await.is(303);
    phone.csrf = phone.get("/l/password").await.is(200).hidden("csrf");
    phone
}

/// An account that has chosen its own password.
pub async fn ready(t: &TestApp, login: &str, township: &str, place: &str) -> Browser {
    account(t, login, ("village", township), place).await;
    own_password(t, login).await
}

/// The same of a school.
pub async fn of_school(t: &TestApp, login: &str, school: &str) -> Browser {
    account(t, login, ("school", ""), school).await;
    own_password(t, login).await
}

async fn own_password(t: &TestApp, login: &str) -> Browser {
    let mut phone = signed_in(t, login, FIRST).await;
    phone.post("/l/password", &[("old", FIRST), ("new", OWN)]).await.is(303);
    phone
}

#[test]
fn a_liaison_sees_the_sheets_of_the_own_place_and_hands_one_in() {
    each(async |t| {
        sent(&t).await;
        let batch = batches(&t).remove(0);
        let all = sheets(&t);
        let own = all.iter().find(|(sheet, _)| sheet.batch_id == batch.id).unwrap().0.clone();
        let other = all.iter().find(|(sheet, _)| sheet.batch_id != batch.id).unwrap().0.clone();
        let mut phone = ready(&t, "wang01", &batch.township, &batch.receiver).await;

        let list = phone.get("/l").await;
        list.is(200).says(&[&own.number, "看住址和电话，填结果"]);
        assert!(!list.text.contains(&other.number), "another village's sheet is listed");
        phone.get(&format!("/l/sheets/{}", other.id)).await.is(404);
        phone.get("/l/sheets/1").await.is(404);
        phone.get("/loans").await.is(303);
        phone.get("/m").await.is(303);

        let here = format!("/l/sheets/{}", own.id);
        let page = phone.get(&here).await;
        page.is(200).says(&["***", "交给"]);
        assert!(!page.text.contains("到期未还"), "amounts were not allowed");
        let looks: i64 = read(&t, |db| {
            let looked = history::action.eq("liaison_looked");
            Ok(history::table.filter(looked).count().get_result(db)?)
        });
        assert_eq!(looks, 1, "every look is written down");
        // At the list too, and at addresses that are not theirs; the auditor finds them by name.
        let mut auditor = t.sign_in(Role::Director);
        let audit = auditor.get("/audit").await;
        audit.is(200).says(&["看名单", &format!("地址里是 {}", other.id)]);
        let at = audit.text.find("value=\"l:").expect("liaisons are among the people");
        let name = &audit.text[at + 7..];
        let name = &name[..name.find('"').unwrap()];
        let url = format!("/audit?person={}", zhuxue::base::url::encoded(name));
        let own_lines = auditor.get(&url).await;
        own_lines.is(200).says(&["看名单", "打开不是自己的走访表"]);
        assert!(!own_lines.text.contains("生成走访表：按"), "nobody else's lines");

        // What is wrong is said and what was typed stays; without the token nothing is done.
        let csrf = phone.csrf.clone();
        let bad = [("csrf", csrf.as_str()), ("outcome", "reached"), ("note", "在家里见到")];
        phone.upload(&here, &bad, &[]).await.is(422).says(&["请选见到了谁", "在家里见到"]);
        phone.upload(&here, &bad[1..], &[]).await.is(403);
        let good = [
            ("csrf", csrf.as_str()),
            ("outcome", "promised"),
            ("met", "parents"),
            ("promised_on", "2027-01-08"),
            ("new_phone", "16410994847"),
            ("filled_by", "王主任"),
        ];
        let done = phone.upload(&here, &good, &[]).await;
        done.is(303);
        assert_eq!(done.header("location"), "/l?done=1");
        let again = phone.upload(&here, &good, &[]).await;
        assert_eq!(again.header("location"), here, "a second one changes nothing");
        phone.get(&here).await.is(200).says(&["中心在核对"]);
        let records: i64 = read(&t, |db| Ok(contact_record::table.count().get_result(db)?));
        assert_eq!(records, 0, "proposed until the desk accepts");
        t.sign_in(Role::Clerk)
            .get("/visits/returns")
            .await
            .is(200)
            .says(&["约好了还款日子", "王主任"]);
    });
}

#[test]
fn the_first_password_opens_nothing_and_the_director_alone_allows_amounts() {
    each(async |t| {
        sent(&t).await;
        let batch = batches(&t).remove(0);
        let all = sheets(&t);
        let own = all.iter().find(|(sheet, _)| sheet.batch_id == batch.id).unwrap().0.id;
        account(&t, "wang01", ("village", &batch.township), &batch.receiver).await;
        let mut phone = signed_in(&t, "wang01", FIRST).await;
        for path in ["/l".to_owned(), format!("/l/sheets/{own}")] {
            assert_eq!(phone.get(&path).await.header("location"), "/l/password");
        }
        let same = phone.post("/l/password", &[("old", FIRST), ("new", FIRST)]).await;
        same.is(422).says(&["和现在的一样"]);
        let wrong = phone.post("/l/password", &[("old", "不是这个密码"), ("new", OWN)]).await;
        wrong.is(422).says(&["现在的密码不对"]);
        phone.post("/l/password", &[("old", FIRST), ("new", OWN)]).await.is(303);

        let id: i64 = read(&t, |db| Ok(liaison::table.select(liaison::id).first(db)?));
        let here = format!("/admin/liaisons/{id}");
        let version = t.sign_in(Role::Clerk).get(&here).await.is(200).hidden("version");
        let allow = [("amounts", "yes"), ("version", version.as_str())];
        let amounts = format!("{here}/amounts");
        t.sign_in(Role::Clerk).post(&amounts, &allow).await.is(403);
        let mut director = t.sign_in(Role::Director);
        director.post(&amounts, &allow).await.is(303);
        director.post(&amounts, &allow).await.is(409);
        phone.get(&format!("/l/sheets/{own}")).await.is(200).says(&["到期未还", "¥"]);

        // Disabled: out at once, and the password opens nothing.
        let version = director.get(&here).await.hidden("version");
        let off = [("name", "王主任"), ("state", "disabled"), ("version", version.as_str())];
        director.post(&here, &off).await.is(303);
        assert_eq!(phone.get("/l").await.header("location"), "/l/login");
        let mut phone = t.nobody();
        let token = phone.get("/l/login").await.hidden("csrf");
        let form = [("csrf", token.as_str()), ("login", "wang01"), ("password", OWN)];
        phone.post_bare("/l/login", &form).await.is(422).says(&["登录名或密码不对"]);
    });
}

#[test]
fn what_is_missing_in_a_new_account_is_said_and_guessing_is_slowed_down() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/admin/liaisons").await.is(200).says(&["还没有联络员"]);
        clerk.get("/admin/liaisons/new").await.is(200);
        let form = [("kind", "village"), ("name", "王主任"), ("login", "w"), ("phone", "12")];
        let page = clerk.post("/admin/liaisons", &form).await;
        page.is(422).says(&["请写乡镇", "3 到 32 个", "王主任"]);
        account(&t, "wang01", ("village", "宝林镇"), "太平寺村").await;
        let nowhere = [
            ("kind", "school"),
            ("place", "乐至中学"),
            ("name", "李老师"),
            ("login", "li01"),
            ("password", FIRST),
        ];
        let said = clerk.post("/admin/liaisons", &nowhere).await;
        said.is(422).says(&["档案里没有“乐至中学”，走访表到不了那里"]);
        let taken = [
            ("kind", "village"),
            ("township", "宝林镇"),
            ("place", "太平寺村"),
            ("name", "李老师"),
            ("login", "wang01"),
            ("password", FIRST),
        ];
        clerk.post("/admin/liaisons", &taken).await.is(422).says(&["已经有人用了"]);
        // As the lists write it, or nothing would ever be handed there.
        clerk.get("/admin/liaisons").await.says(&["宝林镇太平寺村村民委员会", "不显示"]);

        let mut phone = t.nobody();
        let token = phone.get("/l/login").await.hidden("csrf");
        let form =
            [("csrf", token.as_str()), ("login", "wang01"), ("password", "猜的密码猜的密码")];
        let mut last = 0;
        for _ in 0..8 {
            last = phone.post_bare("/l/login", &form).await.status;
        }
        assert_eq!(last, 429);
        let others: i64 = read(&t, |db| Ok(sheet_batch::table.count().get_result(db)?));
        assert_eq!(others, 0);
    });
}

#[test]
fn a_liaisons_lock_out_is_in_the_history() {
    each(async |t| {
        sent(&t).await;
        let batch = batches(&t).remove(0);
        account(&t, "wang01", ("village", &batch.township), &batch.receiver).await;
        let mut phone = t.nobody();
        let mut statuses = Vec::new();
        for _ in 0..6 {
            let token = phone.get("/l/login").await.is(200).hidden("csrf");
            let form = [("csrf", token.as_str()), ("login", "wang01"), ("password", "猜一猜")];
            statuses.push(phone.post_bare("/l/login", &form).await.status);
        }
        assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
        let lines: Vec<String> = read(&t, |db| {
            let failed = history::table.filter(history::action.eq("sign_in_failed"));
            Ok(failed.select(history::summary).load(db)?)
        });
        assert_eq!(lines, ["王主任的账号连续输错密码，暂停登录"]);

        account(&t, "wang02", ("village", &batch.township), &batch.receiver).await;
        let mut phone = signed_in(&t, "wang02", FIRST).await;
        for _ in 0..5 {
            let wrong = [("old", "猜一猜"), ("new", OWN)];
            phone.post("/l/password", &wrong).await.is(422).says(&["现在的密码不对"]);
        }
        let right = [("old", FIRST), ("new", OWN)];
        phone.post("/l/password", &right).await.is(422).says(&["连续输错的次数太多"]);
    });
}
