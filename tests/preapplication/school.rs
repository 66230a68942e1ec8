//! A high school enters its own candidates within the county's window, and no others.

use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::life::booking::store as bookings;
use zhuxue::life::matching::store as matching;
use zhuxue::plumbing::schema::{loan_file, person, person_phone, preapplication};

use super::{opinions_of, review};
use crate::borrower::town::{STUDENT, each, read};
use crate::counter::{GIRL, id};
use crate::liaison::{of_school, ready};
use crate::support::{Answer, Browser, OFFICE, TestApp};

const HOME: &str = "/l/pre-applications";
const NEW: &str = "/l/pre-applications/new";
const DAY: &str = "2026-05-11";

fn schools(t: &TestApp) -> Vec<String> {
    let of = loan_file::table.filter(loan_file::high_school.ne(""));
    let of = of.select(loan_file::high_school).distinct().order(loan_file::high_school);
    read(t, |db| Ok(of.load(db)?))
}

fn form<'a>(name: &'a str, number: &'a str, grant: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", name),
        ("id_number", number),
        ("class_name", "高三（2）班"),
        ("phone", "16412345678"),
        ("family_kind", "最低生活保障"),
        ("holds_grant", grant),
    ]
}

/// Identity and version of the row of this name.
fn row(t: &TestApp, name: &str) -> (i64, i32) {
    let of = preapplication::table
        .inner_join(person::table.on(person::id.eq(preapplication::person_id)))
        .filter(person::name.eq(name))
        .filter(preapplication::year.eq(2026));
    read(t, |db| Ok(of.select((preapplication::id, preapplication::version)).first(db)?))
}

async fn change(phone: &mut Browser, (id, version): (i64, i32), class: &str) -> Answer {
    let version = version.to_string();
    let form = [
        ("version", version.as_str()),
        ("name", "何知秋"),
        ("class_name", class),
        ("phone", "16412345679"),
        ("family_kind", "孤儿或事实无人抚养"),
        ("holds_grant", "yes"),
    ];
    phone.post(&format!("{HOME}/{id}"), &form).await
}

#[test]
fn a_school_enters_changes_and_hands_in_its_own_candidates() {
    each(async |t| {
        t.set_day(DAY);
        let all = schools(&t);
        let (school, other) = (all[0].as_str(), all[1].as_str());
        let mut clerk = t.sign_in(Role::Clerk);
        let mut phone = of_school(&t, "xuexiao1", school).await;
        let mut second = of_school(&t, "xuexiao2", other).await;
        phone.get("/l").await.is(200).says(&["办理预申请"]);
        phone.get(HOME).await.is(200).says(&["2026 年的预申请登记到6月30日", "登记学生"]);
        phone.get(NEW).await.is(200).says(&["家长手机号", "最低生活保障"]);

        let wrong = [("name", ""), ("id_number", "512090200805050310"), ("phone", "12")];
        phone.post(NEW, &wrong).await.is(422).says(&[
            "请写学生姓名",
            "请写班级",
            "请选家庭类型",
            "请选高中阶段有没有享受国家助学金",
        ]);
        let girl = id(GIRL);
        let boy = id("51209020080505031");
        phone.post(NEW, &form("何知秋", &girl, "no")).await.is(303);
        phone.post(NEW, &form("方远", &boy, "yes")).await.is(303);
        let list = phone.get(HOME).await;
        list.is(200).says(&["现有 ", "其中 2 人还没交给中心", "何知秋", "方远"]);
        let at = |name: &str| list.text.find(name).unwrap();
        assert!(at("方远") < at("何知秋"), "who holds a grant comes first");

        let again = phone.post(NEW, &form("何知秋", &girl, "yes")).await;
        again.is(422).says(&["本校今年已经登记过何知秋"]);
        let elsewhere = second.post(NEW, &form("何知秋", &girl, "no")).await;
        elsewhere.is(422).says(&[&format!("今年已经由{school}报了预申请")]);
        let misnamed = phone.post(NEW, &form("何知秋", STUDENT, "no")).await;
        misnamed.is(422).says(&["另一个姓名"]);

        // The county sees what is handed in.
        let of_county = clerk.get("/pre-applications?tab=all").await;
        assert!(!of_county.text.contains("何知秋"), "a draft is not the county's");
        let is_known = || {
            let scope = Scope::of(OFFICE);
            let pupils = read(&t, |db| matching::pupils(db, OFFICE, (2025, 2026)));
            let times = read(&t, |db| bookings::without_time(db, &scope, 2026));
            (
                pupils.iter().any(|one| one.name == "何知秋"),
                times.iter().any(|(_, (_, name, ..))| name == "何知秋"),
            )
        };
        assert_eq!(is_known(), (false, false), "nor is it compared, nor given a time");
        let hand_in = "/l/pre-applications/hand-in";
        let nothing = [("key", "1"), ("opinion", "")];
        phone.post(hand_in, &nothing).await.is(422).says(&["请写学校意见"]);
        let same = [("key", "2"), ("opinion", "情况属实，同意推荐")];
        phone.post(hand_in, &same).await.is(303);
        phone.post(hand_in, &same).await.is(303);
        assert_eq!(is_known(), (true, false), "a time is given to who has passed");
        let more = [("key", "3"), ("opinion", "情况属实")];
        phone.post(hand_in, &more).await.is(422).says(&["没有还没交的学生"]);
        clerk.get("/pre-applications").await.is(200).says(&[
            "何知秋",
            "情况属实，同意推荐",
            "享受国家助学金",
        ]);

        // Until the county has decided the school puts right what it wrote.
        let seen = row(&t, "何知秋");
        let one = format!("{HOME}/{}", seen.0);
        let page = phone.get(&one).await;
        page.is(200).says(&["164****5678"]);
        assert!(!page.text.contains(&girl));
        second.get(&one).await.is(404);
        change(&mut second, seen, "1班").await.is(404);
        change(&mut phone, seen, "").await.is(422).says(&["请写班级"]);
        change(&mut phone, seen, "高三（3）班").await.is(303);
        change(&mut phone, seen, "高三（4）班").await.is(409).says(&["别人刚刚改过"]);
        let phones: i64 = read(&t, |db| {
            let of = person_phone::table
                .inner_join(person::table.on(person::id.eq(person_phone::person_id)));
            Ok(of.filter(person::name.eq("何知秋")).count().get_result(db)?)
        });
        assert_eq!(phones, 2, "a second number is kept beside the first");

        // The county's page is of before that change.
        let stale = [format!("{}-{}", seen.0, seen.1)];
        review(&mut clerk, "1", &stale, &[("decision", "pass")]).await.is(409);
        let seen = row(&t, "何知秋");
        let now = [format!("{}-{}", seen.0, seen.1)];
        review(&mut clerk, "2", &now, &[("decision", "pass")]).await.is(303);
        assert_eq!(opinions_of(&t, seen.0), "通过");
        let seen = row(&t, "何知秋");
        change(&mut phone, seen, "高三（5）班").await.is(422).says(&["中心已经审核，不能再改"]);
        phone.get(HOME).await.is(200).says(&["通过"]);

        let boy_row = row(&t, "方远");
        let version = boy_row.1.to_string();
        let gone = format!("{HOME}/{}/withdraw", boy_row.0);
        second.post(&gone, &[("version", version.as_str())]).await.is(404);
        phone.post(&gone, &[("version", version.as_str())]).await.is(303);
        phone.post(NEW, &form("方远", &boy, "no")).await.is(303);

        let table = phone.get("/l/pre-applications/table").await;
        table.is(200).says(&["预申请名单", "何知秋", "学校（盖章）"]);
        assert!(!table.text.contains(&girl) && !table.text.contains("16412345678"));
        let mut village = ready(&t, "cun01", "宝林镇", &village_of(&t, "宝林镇")).await;
        for path in [HOME, NEW, &one, "/l/pre-applications/table"] {
            village.get(path).await.is(404);
        }
    });
}

fn village_of(t: &TestApp, township: &str) -> String {
    let of = person::table.filter(person::township.eq(township)).filter(person::village.ne(""));
    read(t, |db| Ok(of.select(person::village).first(db)?))
}

#[test]
fn outside_the_window_a_school_reads_and_cannot_enter() {
    each(async |t| {
        let school = schools(&t).remove(0);
        let girl = id(GIRL);
        for (login, day, says) in [
            ("xuexiao1", "2026-02-10", "2026 年的预申请从3月1日开始登记，到6月30日截止"),
            (
                "xuexiao2",
                "2026-07-01",
                "2026 年的预申请6月30日已经截止，下一年的从2027年3月1日开始登记",
            ),
        ] {
            t.set_day(day);
            let mut phone = of_school(&t, login, &school).await;
            let page = phone.get(HOME).await;
            page.is(200).says(&[says]);
            assert!(!page.text.contains("登记学生<"));
            phone.get(NEW).await.is(200).says(&["现在不能登记和修改"]);
            phone.post(NEW, &form("何知秋", &girl, "no")).await.is(422).says(&[says]);
        }
    });
}

#[test]
fn a_school_of_candidates_only_gets_an_account() {
    each(async |t| {
        t.set_day(DAY);
        let one = preapplication::table.select(preapplication::id);
        let first: i64 = read(&t, |db| Ok(one.order(preapplication::id).first(db)?));
        let of = preapplication::table.filter(preapplication::id.eq(first));
        let school = preapplication::high_school.eq("新办中学");
        t.app.db.write("test", |db| Ok(diesel::update(of).set(school).execute(db)?)).unwrap();
        of_school(&t, "xinxiao", "新办中学").await.get(HOME).await.is(200).says(&["新办中学"]);
    });
}
