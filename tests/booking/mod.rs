//! 预约叫号: from opening the counter to tickets served, from a borrower's phone, by a school and at
//! the door, on both databases.

mod counter;

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::RowId;
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::life::booking::rules::State;
use zhuxue::plumbing::schema::{booking, counter_day, message};

use crate::borrower::town::{each, read, sign_in};
use crate::support::county::day;
use crate::support::{Browser, TestApp};

/// She studies; 程林㼆 repays.
const STUDENT: &str = "吕凤欢";
const ID: &str = "51209720080127996X";
const REPAYS: &str = "512098200012207855";

/// Monday to Wednesday, one desk, two households in a half hour.
async fn open(clerk: &mut Browser) {
    let page = clerk.get("/bookings/days").await;
    let key = page.is(200).hidden("key");
    let form = [
        ("key", key.as_str()),
        ("from", "2026-08-08"),
        ("until", "2026-08-12"),
        ("place", "县资助中心"),
        ("hours", "08:30-09:30"),
        ("desks", "1"),
        ("per_slot", "2"),
        ("townships", ""),
    ];
    clerk.post("/bookings/days", &form).await.is(303);
}

fn day_id(t: &TestApp, on: NaiveDate) -> RowId {
    let of = counter_day::table.filter(counter_day::on_day.eq(on)).select(counter_day::id);
    read(t, |db| Ok(of.first(db)?))
}

fn of_name(t: &TestApp, name: &str) -> (RowId, i32, State) {
    let of = booking::table.filter(booking::name.eq(name)).order(booking::id.desc());
    read(t, |db| Ok(of.select((booking::id, booking::version, booking::state)).first(db)?))
}

async fn step(t: &TestApp, clerk: &mut Browser, name: &str, step: &str) {
    let (id, version, _) = of_name(t, name);
    let version = version.to_string();
    let form = [("version", version.as_str()), ("step", step)];
    clerk.post(&format!("/bookings/{id}"), &form).await.is(303);
}

async fn at_door(t: &TestApp, clerk: &mut Browser, who: &str) -> u16 {
    let today = day_id(t, t.app.clock.today()).to_string();
    let form = [("who", who), ("kind", "first"), ("day", today.as_str()), ("slot", "now")];
    clerk.post("/bookings/new", &form).await.status
}

#[test]
fn a_household_books_by_phone_is_reminded_called_and_served() {
    each(async |t| {
        t.set_day("2026-08-07");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/bookings").await.is(200).says(&["这一天没有开放"]);
        open(&mut clerk).await;
        // Saturday and Sunday are left out.
        let days: Vec<NaiveDate> = read(&t, |db| {
            let all = counter_day::table.order(counter_day::on_day);
            Ok(all.select(counter_day::on_day).load(db)?)
        });
        assert_eq!(days, ["2026-08-10", "2026-08-11", "2026-08-12"].map(day));

        let mut phone = sign_in(&t, ID).await;
        phone.get("/m").await.says(&["预约办理"]);
        let home = sign_in(&t, REPAYS).await.get("/m").await;
        assert!(!home.is(200).text.contains("预约办理"), "for who studies no more");
        phone.get("/m/booking").await.is(200).says(&["08:30", "09:00", "带什么"]);
        phone.post("/m/booking", &[]).await.is(422).says(&["请选一个时间"]);
        let slot = format!("{}-540", day_id(&t, day("2026-08-10")));
        phone.post("/m/booking", &[("slot", &slot)]).await.is(303);
        phone.get("/m/booking").await.is(200).says(&["您约的时间", "09:00", "县资助中心"]);
        phone.post("/m/booking", &[("slot", &slot)]).await.is(422).says(&["今年已经约了"]);

        let sent = || -> i64 {
            let of = message::table.filter(message::reason.eq("booking_tomorrow"));
            read(&t, |db| Ok(of.count().get_result(db)?))
        };
        jobs::follow_bookings::run(&t.app, day("2026-08-08")).unwrap();
        assert_eq!(sent(), 0);
        t.set_day("2026-08-09");
        jobs::follow_bookings::run(&t.app, day("2026-08-09")).unwrap();
        jobs::follow_bookings::run(&t.app, day("2026-08-09")).unwrap();
        assert_eq!(sent(), 1);

        t.set_day("2026-08-10");
        let mut clerk = t.sign_in(Role::Clerk);
        assert_eq!(at_door(&t, &mut clerk, "无名氏").await, 303);
        step(&t, &mut clerk, STUDENT, "arrive").await;
        let page = clerk.get("/bookings").await;
        page.says(&["A001", "A002", "等候 <b>2</b> 户", "现在取号大约等 <b>20</b> 分钟"]);
        clerk.get("/home").await.says(&["户已取号，在等候办理"]);
        let (id, version, _) = of_name(&t, STUDENT);
        let stale = [("version", "1"), ("step", "arrive")];
        assert_ne!(version, 1);
        clerk.post(&format!("/bookings/{id}"), &stale).await.is(303);
        clerk.get("/bookings").await.says(&["别人刚刚改过这一户"]);

        let today = day_id(&t, day("2026-08-10")).to_string();
        let call = [("day", today.as_str()), ("desk", "1")];
        let wrong = [("day", today.as_str()), ("desk", "7")];
        clerk.post("/bookings/call", &wrong).await.is(303);
        clerk.get("/bookings").await.says(&["这里有 1 个窗口"]);
        step(&t, &mut clerk, STUDENT, "finish").await;
        clerk.get("/bookings").await.says(&["现在是“等候”，不能“"]);
        step(&t, &mut clerk, STUDENT, "call").await;
        clerk.get("/bookings").await.says(&["叫号请在窗口里点"]);
        step(&t, &mut clerk, STUDENT, "zzz").await;
        clerk.get("/bookings").await.says(&["没有这一步"]);
        for _ in 0..2 {
            clerk.post("/bookings/call", &call).await.is(303);
            // A double press calls no second family.
            clerk.post("/bookings/call", &call).await.is(303);
            clerk.get("/bookings").await.says(&["还没有办完", "等候 <b>"]);
            let screen = clerk.get("/bookings/screen").await;
            screen.is(200).says(&["请到 1 号窗口"]);
            assert!(!screen.text.contains(STUDENT), "a name on the screen");
            let of = booking::table.filter(booking::state.eq(State::Called));
            let called: Vec<String> = read(&t, |db| Ok(of.select(booking::name).load(db)?));
            assert_eq!(called.len(), 1);
            step(&t, &mut clerk, &called[0], "finish").await;
        }
        clerk.post("/bookings/call", &call).await.is(303);
        clerk.get("/bookings").await.says(&["现在没有人在等"]);
        assert_eq!(of_name(&t, STUDENT).2, State::Done);
        step(&t, &mut clerk, STUDENT, "reopen").await;
        assert_eq!(of_name(&t, STUDENT).2, State::Called);
        clerk.get("/bookings.xlsx").await.is(200);
    });
}

#[test]
fn a_full_half_hour_and_a_day_without_service_are_not_given() {
    each(async |t| {
        t.set_day("2026-08-07");
        let mut clerk = t.sign_in(Role::Clerk);
        open(&mut clerk).await;
        let monday = day_id(&t, day("2026-08-10")).to_string();
        let book = |who: &'static str| {
            [("who", who), ("kind", "first"), ("day", monday.as_str()), ("slot", "510")]
        };
        for who in ["甲家", "乙家"] {
            clerk.post("/bookings/new", &book(who)).await.is(303);
        }
        clerk.post("/bookings/new", &book("丙家")).await.is(422).says(&["这个时间刚刚约满"]);
        clerk.post("/bookings/new", &book("")).await.is(422).says(&["请写学生姓名"]);
        step(&t, &mut clerk, "甲家", "cancel").await;
        clerk.post("/bookings/new", &book("丙家")).await.is(303);
        step(&t, &mut clerk, "丙家", "arrive").await;
        clerk.get("/bookings").await.says(&["预约的是 2026-08-10，今天不能取号"]);

        let close =
            [("version", "1"), ("desks", "1"), ("per_slot", "2"), ("closed_reason", "停电")];
        let at = format!("/bookings/days/{monday}");
        clerk.post(&at, &close).await.is(303);
        clerk.get("/bookings/days").await.says(&["已约的 2 户要逐户通知改时间"]);
        clerk.post(&at, &close).await.is(409);
        let other = [("who", "丁家"), ("kind", "first"), ("day", &monday), ("slot", "540")];
        clerk.post("/bookings/new", &other).await.is(422).says(&["这一天不办理"]);

        // Who had a time and did not come is on the list of its day.
        t.set_day("2026-08-11");
        let mut clerk = t.sign_in(Role::Clerk);
        jobs::follow_bookings::run(&t.app, day("2026-08-11")).unwrap();
        assert_eq!(of_name(&t, "丙家").2, State::NoShow);
        clerk.get("/bookings?on=2026-08-10&tab=no_show").await.says(&["丙家", "乙家"]);
    });
}

#[test]
fn a_school_gets_times_for_all_its_pupils_as_far_as_there_are_any() {
    each(async |t| {
        t.set_day("2026-08-07");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/bookings/schools").await.is(200).says(&["还没有开放任何一天"]);
        open(&mut clerk).await;
        let page = clerk.get("/bookings/schools").await;
        let key = page.is(200).hidden("key");
        let (_, rest) = page.text.split_once("<option value=\"").unwrap();
        let (school, _) = rest.split_once('"').unwrap();
        let form = |key: &str| {
            let of = [("school", school), ("place", "县资助中心"), ("from", "2026-08-10")];
            let key = ("key", key.to_owned());
            let all = of.map(|(name, value)| (name, value.to_owned()));
            [key].into_iter().chain(all).collect::<Vec<_>>()
        };
        let sent = form(&key);
        let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (*n, v.as_str())).collect();
        clerk.post("/bookings/schools", &sent).await.is(303);
        let count = || -> i64 { read(&t, |db| Ok(booking::table.count().get_result(db)?)) };
        let given = count();
        assert!((1..=12).contains(&given), "{given} times of 12");
        // The same form again changes nothing.
        clerk.post("/bookings/schools", &sent).await.is(303);
        assert_eq!(count(), given);
    });
}
