//! Visit rounds through HTTP: planned, put in order, printed, filled in on the phone once, whatever
//! the network does, and decided at the desk like every other return.

use diesel::prelude::*;
use zhuxue::base::ids::RoundId;
use zhuxue::book::staff::Role;
use zhuxue::life::visits::rounds::rules::{RoundState, StopState};
use zhuxue::life::visits::rounds::store::{Round, VisitStop};
use zhuxue::life::visits::sheets::store::State;
use zhuxue::plumbing::schema::{history, sheet, sheet_return, visit_round, visit_stop};

use super::{AFTER, count_records, sent, sheets};
use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const GOOD: [(&str, &str); 5] = [
    ("outcome", "hardship"),
    ("met", "parents"),
    ("note", "父亲住院"),
    ("filled_by", "韦清越"),
    ("visited_on", AFTER),
];

fn rounds(t: &TestApp) -> Vec<Round> {
    read(t, |db| {
        Ok(visit_round::table.order(visit_round::id).select(Round::as_select()).load(db)?)
    })
}

fn stops(t: &TestApp, id: RoundId) -> Vec<VisitStop> {
    read(t, |db| {
        let own = visit_stop::table.filter(visit_stop::round_id.eq(id));
        Ok(own
            .order((visit_stop::place, visit_stop::no))
            .select(VisitStop::as_select())
            .load(db)?)
    })
}

/// The places that a page offers, in its order.
fn places(page: &Answer) -> Vec<String> {
    let sign = "name=\"place\" value=\"";
    let parts = page.text.split(sign).skip(1);
    parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

/// A clerk who has sent sheets, and a round over the first villages of the list.
async fn planned(t: &TestApp, villages: usize) -> (Browser, Round) {
    let mut clerk = sent(t).await;
    let page = clerk.get("/visits/rounds/new").await;
    let offered = places(&page);
    assert!(offered.len() > villages, "{offered:?}");
    let me = clerk.staff_id.unwrap().to_string();
    let mut form =
        vec![("on_day", AFTER), ("first", me.as_str()), ("second", ""), ("second_name", "王主任")];
    form.extend(offered.iter().take(villages).map(|place| ("place", place.as_str())));
    clerk.post("/visits/rounds/new", &form).await.is(303);
    let round = rounds(t).pop().unwrap();
    (clerk, round)
}

/// Sends the form of a stop as the script of the phone does.
async fn from_phone(
    clerk: &mut Browser,
    (id, no): (RoundId, i32),
    key: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let csrf = clerk.csrf.clone();
    let all = [&[("csrf", csrf.as_str()), ("key", key)], fields].concat();
    clerk.headers = vec![("Accept", "application/json".to_owned())];
    let answer = clerk.upload(&format!("/visits/rounds/{id}/stops/{no}"), &all, &[]).await;
    clerk.headers.clear();
    answer
}

fn count_returns(t: &TestApp) -> i64 {
    read(t, |db| Ok(sheet_return::table.count().get_result(db)?))
}

#[test]
fn a_round_is_planned_put_in_order_printed_and_closed() {
    each(async |t| {
        let mut early = t.sign_in(Role::Clerk);
        early.get("/visits/rounds").await.is(200).says(&["还没有安排走访"]);
        early.get("/visits/rounds/new").await.is(200).says(&["没有在外的走访表"]);
        let (mut clerk, round) = planned(&t, 3).await;
        let id = round.id;
        let all = stops(&t, id);
        assert!(all.len() > 2, "{all:?}");
        assert_eq!(round.visitors(), "经办、王主任");

        // What is planned is not offered again; the rest is.
        let page = clerk.get("/visits/rounds/new").await;
        page.is(200).says(&["已在别的安排里"]);
        let me = clerk.staff_id.unwrap().to_string();
        let empty = clerk.post("/visits/rounds/new", &[("second", &me), ("title", "留着")]).await;
        empty.is(422).says(&["请选由谁带手机", "请至少选一个村", "留着"]);
        let batch = super::batches(&t).pop().unwrap();
        let from_batch = clerk.get(&format!("/visits/rounds/new?batch={}", batch.id)).await;
        assert_eq!(from_batch.text.matches("\" checked>").count(), 1, "its own village is ticked");
        clerk
            .get(&format!("/visits/batches/{}", batch.id))
            .await
            .says(&["/visits/rounds/new?batch="]);
        clerk.get("/visits").await.says(&["走访安排"]);

        let here = format!("/visits/rounds/{id}");
        clerk.get("/visits/rounds").await.is(200).says(&["进行中", "王主任", &round.title]);
        clerk.get(&here).await.is(200).says(&["待走访", "手机上填", "下移"]);
        let order = format!("{here}/order");
        let no = all[0].no.to_string();
        let change = |version: &'static str, how: &'static str| {
            [("version", version), ("no", no.as_str()), ("how", how)]
                .map(|(a, b)| (a, b.to_owned()))
        };
        let down = change("1", "down");
        let down: Vec<(&str, &str)> = down.iter().map(|(a, b)| (*a, b.as_str())).collect();
        clerk.post(&order, &down).await.is(303);
        clerk.post(&order, &down).await.is(409);
        assert_eq!(stops(&t, id)[1].no, all[0].no, "it went down by one");
        let out = change("2", "out");
        let out: Vec<(&str, &str)> = out.iter().map(|(a, b)| (*a, b.as_str())).collect();
        clerk.post(&order, &out).await.is(303);
        clerk.get(&here).await.says(&["这次不去的", "加回来"]);
        let print = clerk.get(&format!("{here}/print")).await;
        print.is(200).says(&["入户走访安排", "两人同去", "王主任", "class=\"a4\""]);
        assert!(!print.text.contains('¥'), "no amount on the plan");
        assert_eq!(print.text.matches("HZ26-1221-").count(), all.len() - 1);

        // Paid meanwhile: nobody has to go, and the plan on paper leaves them out.
        let file = all[1].sheet_id;
        let file =
            read(&t, |db| Ok(sheet::table.find(file).select(sheet::file_id).get_result(db)?));
        super::back::clear_arrears(&t, file);
        clerk.get(&here).await.says(&["已经没有逾期，不用去"]);
        clerk.get(&format!("{here}/phone")).await.says(&["已经没有逾期，不用去"]);
        let print = clerk.get(&format!("{here}/print")).await;
        assert_eq!(print.text.matches("HZ26-1221-").count(), all.len() - 2);

        clerk.post(&format!("{here}/state"), &[("version", "3"), ("to", "closed")]).await.is(303);
        assert_eq!(rounds(&t)[0].state, RoundState::Closed);
        let again = change("4", "in");
        let again: Vec<(&str, &str)> = again.iter().map(|(a, b)| (*a, b.as_str())).collect();
        clerk.post(&order, &again).await.is(422).says(&["已经结束"]);
        clerk.post(&format!("{here}/state"), &[("version", "4"), ("to", "open")]).await.is(303);
        let notes: i64 = read(&t, |db| {
            let ours = history::action.eq_any(["round_made", "round_changed"]);
            Ok(history::table.filter(ours).count().get_result(db)?)
        });
        assert_eq!(notes, 4, "planned, left out, closed, opened");
        let mut auditor = t.sign_in(Role::Auditor);
        auditor.get(&here).await.is(403);
    });
}

#[test]
fn what_a_phone_sends_arrives_once_and_is_a_proposal() {
    each(async |t| {
        let (mut clerk, round) = planned(&t, 3).await;
        let id = round.id;
        let stop = stops(&t, id).remove(0);
        let page = clerk.get(&format!("/visits/rounds/{id}/phone")).await;
        page.is(200).says(&["round.js", "填走访结果", "data-seal=\""]);
        assert!(!page.text.contains('¥'), "no amount on the phone");
        assert_eq!(page.header("cache-control"), "no-store");
        let prefix = format!("id=\"s{}-outcome\"", stop.no);
        assert_eq!(page.text.matches(&prefix).count(), 1, "every id is there once");

        let there = (id, stop.no);
        let half = from_phone(&mut clerk, there, KEY, &[("outcome", "hardship")]).await;
        half.is(422).says(&["请选见到了谁", "\"kept\":\"\""]);
        let first = from_phone(&mut clerk, there, KEY, &GOOD).await;
        first.is(200).says(&[&format!("\"kept\":\"{KEY}\"")]);
        // The answer was lost on the way: the phone sends the same once more.
        from_phone(&mut clerk, there, KEY, &GOOD).await.is(200).says(&[KEY]);
        assert_eq!(count_returns(&t), 1);
        // The other visitor filled in the same household: told, and kept on that phone.
        let other = from_phone(&mut clerk, there, &"f".repeat(32), &GOOD).await;
        other.is(409).says(&["已经有人交回", "\"kept\":\"\""]);
        from_phone(&mut clerk, there, "X", &GOOD).await.is(422).says(&["表单缺了内容"]);
        assert_eq!((count_returns(&t), count_records(&t)), (1, 0), "nothing but a proposal");
        assert_eq!(stops(&t, id)[0].state, StopState::Done);

        let list = clerk.get("/visits/returns").await;
        list.is(200).says(&["走访当天", "家里有困难"]);
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        clerk.post(&here, &[("decision", "refuse"), ("note", "写错了户")]).await.is(303);
        clerk.get(&format!("/visits/rounds/{id}")).await.says(&["没有采用，要再去"]);
        // The refused one does not come back to life; a new one is taken and accepted.
        from_phone(&mut clerk, there, KEY, &GOOD).await.is(200);
        assert_eq!(count_returns(&t), 1);
        from_phone(&mut clerk, there, &"e".repeat(32), &GOOD).await.is(200);
        let list = clerk.get("/visits/returns").await;
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        clerk.post(&here, &[("decision", "accept")]).await.is(303);
        assert_eq!(count_records(&t), 1);
        clerk.get(&format!("/visits/rounds/{id}")).await.says(&["已采用"]);
        let state: State = read(&t, |db| {
            Ok(sheet::table.find(stop.sheet_id).select(sheet::state).get_result(db)?)
        });
        assert_eq!(state, State::Accepted);
    });
}

#[test]
fn the_phone_page_works_without_script_and_late_forms_are_not_turned_away() {
    each(async |t| {
        let (mut clerk, round) = planned(&t, 3).await;
        let id = round.id;
        let all = stops(&t, id);
        let phone = format!("/visits/rounds/{id}/phone");
        let page = clerk.get(&phone).await;
        let key = page.hidden("key");
        let csrf = clerk.csrf.clone();
        let there = format!("/visits/rounds/{id}/stops/{}", all[0].no);
        let with = |fields: &[(&'static str, &'static str)]| {
            let mut form = vec![("csrf", csrf.as_str()), ("key", key.as_str())];
            form.extend_from_slice(fields);
            form.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect::<Vec<_>>()
        };
        let half = with(&[("outcome", "hardship"), ("note", "写了一半")]);
        let half: Vec<(&str, &str)> = half.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let back = clerk.upload(&there, &half, &[]).await;
        back.is(422).says(&["请选见到了谁", "写了一半", &key, "<details open>"]);
        clerk.upload(&there, &half[1..], &[]).await.is(403);
        let whole = with(&GOOD);
        let whole: Vec<(&str, &str)> =
            whole.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let done = clerk.upload(&there, &whole, &[]).await;
        done.is(303);
        clerk.get(done.header("location").split('#').next().unwrap()).await.says(&["送到了"]);
        clerk.upload(&there, &whole, &[]).await.is(303);
        assert_eq!(count_returns(&t), 1);

        // Days later, the round is closed and the stop left out: it is taken all the same.
        let no = all[1].no.to_string();
        let out = [("version", "1"), ("no", no.as_str()), ("how", "out")];
        clerk.post(&format!("/visits/rounds/{id}/order"), &out).await.is(303);
        let close = [("version", "2"), ("to", "closed")];
        clerk.post(&format!("/visits/rounds/{id}/state"), &close).await.is(303);
        t.set_day("2026-12-24");
        let mut clerk = t.sign_in(Role::Clerk);
        from_phone(&mut clerk, (id, all[1].no), KEY, &GOOD).await.is(200).says(&[KEY]);
        assert_eq!(count_returns(&t), 2);

        // A sheet that was taken out of use, and a session that ran out: said, nothing is kept.
        let third = all[2].sheet_id;
        clerk.post(&format!("/visits/sheets/{third}/void"), &[("why", "重复")]).await.is(303);
        from_phone(&mut clerk, (id, all[2].no), KEY, &GOOD).await.is(409).says(&["已经作废"]);
        clerk.cookies.clear();
        from_phone(&mut clerk, (id, all[2].no), KEY, &GOOD).await.is(401).says(&["请先登录"]);
        assert_eq!(sheets(&t).iter().filter(|(one, _)| one.state == State::Void).count(), 1);
    });
}

#[test]
fn the_key_of_a_phone_belongs_to_a_person_and_a_round() {
    each(async |t| {
        let (mut clerk, round) = planned(&t, 1).await;
        let phone = format!("/visits/rounds/{}/phone", round.id);
        let part = |page: &Answer, name: &str| {
            let sign = format!("{name}=\"");
            let at = page.text.find(&sign).unwrap() + sign.len();
            page.text[at..].split('"').next().unwrap().to_owned()
        };
        let one = clerk.get(&phone).await;
        let seal = part(&one, "data-seal");
        assert_eq!((seal.len(), part(&one, "data-owner").len()), (64, 16));
        // Signed in again, another session: the same key, so nothing on the phone is lost.
        let staff = read(&t, |db| {
            let scope = zhuxue::base::scope::Scope::of(crate::support::OFFICE);
            zhuxue::book::staff::find(db, &scope, clerk.staff_id.unwrap())
        });
        let again = t.sign_in_as(&staff).get(&phone).await;
        assert_eq!(part(&again, "data-seal"), seal);
        assert_ne!(part(&again, "data-csrf"), part(&one, "data-csrf"));
        let other = t.sign_in(Role::Clerk).get(&phone).await;
        assert_ne!(part(&other, "data-seal"), seal);
        assert_ne!(part(&other, "data-owner"), part(&one, "data-owner"));
    });
}
