//! The overdue ladder through pages and jobs, with a clock of its own: three families of the small
//! sample from the day after the due day on, and what people do wrong on the way.

mod bell;
mod contacts;
mod handover;
mod lists;
mod many;
mod moves;
mod on_the_file;
mod promises;

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::{FileId, LoanId};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::position;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::life::overdue::follow::{Setting, follow};
use zhuxue::life::overdue::kinds::{HoldReason, Stage, State};
use zhuxue::life::overdue::store::Case;
use zhuxue::plumbing::schema::{contact_record, loan_file, loan_position, overdue_case};

use crate::borrower::town::{each, read};
use crate::support::{Browser, TestApp};

/// The day after a due day of which nobody has paid yet.
const AFTER: &str = "2026-12-21";

/// Runs what the night runs.
fn night(t: &TestApp, day: &str) {
    t.set_day(day);
    let day = day.parse().unwrap();
    zhuxue::jobs::close_day::run(&t.app, day).unwrap();
    zhuxue::jobs::follow_overdue::run(&t.app, day).unwrap();
}

/// The numbers of the files with an open case, in order.
fn files(t: &TestApp) -> Vec<String> {
    read(t, |db| {
        Ok(overdue_case::table
            .inner_join(loan_file::table)
            .order(loan_file::file_no)
            .select(loan_file::file_no)
            .load(db)?)
    })
}

fn case(t: &TestApp, file_no: &str) -> Case {
    read(t, |db| {
        Ok(overdue_case::table
            .inner_join(loan_file::table)
            .filter(loan_file::file_no.eq(file_no))
            .order(overdue_case::id.desc())
            .select(Case::as_select())
            .first(db)?)
    })
}

fn records(t: &TestApp) -> i64 {
    read(t, |db| {
        Ok(contact_record::table
            .filter(contact_record::undone_at.is_null())
            .count()
            .get_result(db)?)
    })
}

/// A form about a case as its page shows it now.
async fn act(
    t: &TestApp,
    who: &mut Browser,
    (file_no, what): (&str, &str),
    fields: &[(&str, &str)],
) -> crate::support::Answer {
    let case = case(t, file_no);
    let (id, version) = (case.id.to_string(), case.version.to_string());
    let mut all = vec![("case", id.as_str()), ("version", version.as_str())];
    all.extend_from_slice(fields);
    let answer = who.post(&format!("/overdue/{file_no}/{what}"), &all).await;
    assert!(!answer.header("location").starts_with("/login"), "sign in anew after a night");
    answer
}

fn contact<'a>(outcome: &'a str, whom: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("outcome", outcome), ("whom", whom), ("channel", "call"), ("key", key)]
}

/// Money of the whole arrears, as the bank's sheet brings it: events, positions, and what an
/// import does for the ladder in the same write.
fn pay(t: &TestApp, file_no: &str, day: &str) {
    pay_most(t, file_no, day, Fen::new(i64::MAX));
}

/// The same of so much of it as was paid.
fn pay_most(t: &TestApp, file_no: &str, day: &str, most: Fen) {
    t.set_day(day);
    let (no, day, now) = (file_no.to_owned(), day.parse().unwrap(), t.app.clock.now_at());
    let scope = Scope::of(crate::support::OFFICE);
    t.app
        .db
        .write("paid", |db| {
            position::refresh_due(db, &scope, &t.app.basis(), day, 10_000)?;
            let rows: Vec<(LoanId, FileId, Fen, Fen, Fen)> = loan_position::table
                .inner_join(loan_file::table.on(loan_file::id.eq(loan_position::file_id)))
                .filter(loan_file::file_no.eq(&no))
                .select((
                    loan_position::loan_id,
                    loan_position::file_id,
                    loan_position::overdue_principal_fen,
                    loan_position::overdue_interest_fen,
                    loan_position::penalty_fen,
                ))
                .load(db)?;
            let (mut events, mut left) = (Vec::new(), most);
            for (loan, _, principal, interest, penalty) in &rows {
                let amount = (*principal + *interest + *penalty).min(left);
                left -= amount;
                if !amount.is_positive() {
                    continue;
                }
                let event = Event::new(t.app.next_id(), day, EventKind::Paid { amount });
                let origin = Origin {
                    source: "test".to_owned(),
                    command_key: format!("test/{loan}/{day}"),
                    ..Origin::default()
                };
                events.push(EventRow::new(crate::support::OFFICE, *loan, &event, now, origin));
            }
            assert!(!events.is_empty());
            events::append_all(db, &scope, &events)?;
            let loans: Vec<LoanId> = rows.iter().map(|row| row.0).collect();
            position::refresh(db, &scope, &t.app.basis(), &loans, day)?;
            let set = Setting { ids: &t.app.ids, policy: &t.app.policy(), now, today: day };
            follow(db, &scope, set, Some(&[rows[0].1]))?;
            Ok(())
        })
        .unwrap();
}

#[test]
fn from_the_first_call_up_to_the_police_station_and_back_to_paid() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        assert!(all.len() >= 3, "{all:?}");
        let no = all[0].as_str();
        let mut clerk = t.sign_in(Role::Clerk);
        let first = case(&t, no);
        assert_eq!((first.stage, first.state), (Stage::Student, State::Open));
        assert!(first.owner_id.is_some(), "every case has an owner");
        clerk.get("/overdue").await.is(200).says(&["短信电话", no_name(&t, no).as_str()]);

        // Nobody moves on from a stage in which nothing was tried, or without a reason.
        let up =
            |to: &'static str, why: &'static str| [("step", "move"), ("to", to), ("reason", why)];
        let early = act(&t, &mut clerk, (no, "steps"), &up("co_borrower", "打不通")).await;
        early.is(422).says(&["联系 1 次以后再转"]);
        let day = |n: u32| format!("2026-12-{n}");
        for (n, outcome) in [(21, "no_answer"), (23, "no_answer"), (25, "bad_number")] {
            night(&t, &day(n));
            clerk = t.sign_in(Role::Clerk);
            let key = format!("k{n}");
            let form = contact(outcome, "student", &key);
            act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
        }
        clerk.get(&format!("/overdue/{no}")).await.says(&["可以考虑转到“共同借款人”"]);
        act(&t, &mut clerk, (no, "steps"), &up("co_borrower", "")).await.is(422);
        let skip = act(&t, &mut clerk, (no, "steps"), &up("police", "急")).await;
        skip.is(422).says(&["先请示主任"]);
        let steps = [
            ("co_borrower", "2026-12-26", "co_borrower", "school"),
            ("school", "2026-12-28", "school", "village"),
            ("village", "2027-01-04", "village", ""),
        ];
        for (to, on, with, next) in steps {
            night(&t, on);
            clerk = t.sign_in(Role::Clerk);
            act(&t, &mut clerk, (no, "steps"), &up(to, "联系不上")).await.is(303);
            // Somebody else was asked: that is kept, but it is no try of this stage.
            let (key, other) = (format!("in-{to}"), format!("beside-{to}"));
            let form = contact("left_word", "employer", &other);
            act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
            assert_eq!(case(&t, no).tries, 0, "{to}");
            if !next.is_empty() {
                let early = act(&t, &mut clerk, (no, "steps"), &up(next, "联系不上")).await;
                early.is(422).says(&["这一阶段还没有联系过"]);
            }
            let form = contact("left_word", with, &key);
            act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
            assert_eq!(case(&t, no).tries, 1, "{to}");
        }
        assert_eq!(case(&t, no).stage, Stage::Village);
        // The yardstick stands beside it, and early steps up say so in the log.
        let page = clerk.get(&format!("/overdue/{no}")).await;
        page.says(&["标准：联系 2 次或停留 30 天", "早于标准：联系毕业高中 1 次，停留 7 天"]);

        // The police stage is the director's to allow.
        let mut director = t.sign_in(Role::Director);
        let ask = [("step", "ask"), ("ask", "police"), ("reason", "全家外出，村里没有电话")];
        let empty = [("step", "ask"), ("ask", "police"), ("reason", "")];
        let empty = act(&t, &mut clerk, (no, "steps"), &empty).await;
        empty.is(422).says(&["请写一句理由"]);
        let said = empty.text.matches("class=\"err\"").count();
        assert_eq!(said, 1, "at the form that was sent, and at no other");
        act(&t, &mut clerk, (no, "steps"), &ask).await.is(303);
        act(&t, &mut clerk, (no, "steps"), &ask).await.is(422).says(&["已经请示过"]);
        let allow = [("decision", "allow")];
        act(&t, &mut clerk, (no, "decision"), &allow).await.is(403);
        let box_ = director.get(&format!("/overdue/{no}")).await;
        box_.says(&["等主任决定", "现在联系村（社区） 1 次，停留 0 天", "早于标准"]);
        let decline = [("decision", "decline"), ("reason", "")];
        act(&t, &mut director, (no, "decision"), &decline).await.is(422).says(&["请写一句理由"]);
        let seen = case(&t, no);
        let (id, version) = (seen.id.to_string(), seen.version.to_string());
        let twice = [("case", id.as_str()), ("version", &version), ("decision", "allow")];
        let url = format!("/overdue/{no}/decision");
        director.post(&url, &twice).await.is(303);
        director.post(&url, &twice).await.is(303);
        director.get(&format!("/overdue/{no}")).await.says(&["刚才已经办好了", "派出所"]);
        // Somebody else who had the page open is told that it has changed.
        let mut second = t.sign_in(Role::Director);
        second.post(&url, &twice).await.is(409).says(&["别人刚刚改过这一户"]);
        assert_eq!(case(&t, no).stage, Stage::Police);
        let form = contact("reached", "police", "found");
        act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
        let ask = [("step", "ask"), ("ask", "notice"), ("reason", "请银行发一份通知")];
        act(&t, &mut clerk, (no, "steps"), &ask).await.is(303);
        act(&t, &mut director, (no, "decision"), &allow).await.is(303);
        assert!(case(&t, no).notice_on.is_some());

        // A promise, kept.
        let mut form = contact("promised", "student", "promise");
        form.push(("promised_on", "2027-01-10"));
        act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
        assert_eq!(case(&t, no).promised_on, "2027-01-10".parse().ok());
        pay(&t, no, "2027-01-08");
        assert_eq!(case(&t, no).state, State::Closed);
        clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/overdue/{no}")).await.is(200).says(&["约定", "请派出所协助"]);
        let late =
            act(&t, &mut clerk, (no, "contacts"), &contact("reached", "student", "late")).await;
        late.is(409);
    });
}

fn no_name(t: &TestApp, file_no: &str) -> String {
    use zhuxue::plumbing::schema::person;
    read(t, |db| {
        Ok(loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(loan_file::file_no.eq(file_no))
            .select(person::name)
            .first(db)?)
    })
}

#[test]
fn hardship_and_service_leave_the_ladder_and_come_back_on_their_day() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let roads = [("hardship", HoldReason::Hardship), ("in_service", HoldReason::InService)];
        for (no, (outcome, why)) in all.iter().zip(roads) {
            let form = contact(outcome, "co_borrower", outcome);
            act(&t, &mut clerk, (no, "contacts"), &form).await.is(303);
            let one = case(&t, no);
            assert_eq!((one.state, one.parked_for), (State::Parked, why));
            assert!(one.owner_id.is_some() && one.until_on.is_some());
        }
        clerk.get("/overdue").await.is(200).says(&["已转其他业务"]);
        let parked = clerk.get("/overdue?list=parked").await;
        parked.is(200).says(&["有困难，转还款救助 <b>1</b>", "在服役，转入伍代偿 <b>1</b>"]);
        let one = clerk.get("/overdue?list=parked-in_service").await;
        one.is(200).says(&[&format!("/overdue/{}", all[1]), "韦清越 <b>2</b>"]);
        assert!(!one.text.contains(&format!("/overdue/{}", all[0])), "of one reason only");
        let before = case(&t, &all[0]);
        night(&t, &before.until_on.unwrap().to_string());
        let back = case(&t, &all[0]);
        assert_eq!((back.state, back.parked_for), (State::Open, HoldReason::Nothing));
        assert_eq!(case(&t, &all[1]).state, State::Parked, "its day is later");
    });
}

#[test]
fn what_two_people_do_at_once_and_what_is_typed_wrongly() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t).remove(0);
        let (mut one, mut other) = (t.sign_in(Role::Clerk), t.sign_in(Role::Clerk));
        let seen = case(&t, &no);
        let (id, version) = (seen.id.to_string(), seen.version.to_string());
        let at = [("case", id.as_str()), ("version", version.as_str())];
        let url = format!("/overdue/{no}/contacts");
        let form = |outcome: &'static str, key: &'static str| {
            let mut all = at.to_vec();
            all.extend(contact(outcome, "student", key));
            all
        };
        // A promise in the past, or none: said at its field, and what was typed stays.
        let mut past = form("promised", "p");
        past.extend([("promised_on", "2026-12-01"), ("note", "说月底还")]);
        one.post(&url, &past).await.is(422).says(&["已经过去", "说月底还"]);
        one.post(&url, &form("promised", "p")).await.is(422).says(&["请填写约定的还款日"]);
        one.post(&url, &form("", "p")).await.is(422).says(&["请选联系的结果"]);
        let mut odd = form("promised", "p");
        odd.extend([("promised_on", "2026-12-28"), ("promised", "-5")]);
        one.post(&url, &odd).await.is(422).says(&["金额请写成 1200"]);
        let mut old = form("reached", "p");
        old.push(("on_day", "1999-12-01"));
        one.post(&url, &old).await.is(422).says(&["不早于一年前"]);
        // All that is wrong is said at once.
        let mut all = form("", "p");
        all.retain(|(name, _)| *name != "whom");
        all.extend([("on_day", "2030-01-01"), ("promised", "x"), ("next_on", "明天")]);
        let said = one.post(&url, &all).await;
        said.is(422).says(&["请选联系的结果", "请选联系的是谁", "不能在今天以后", "日期请写成"]);
        said.says(&["有 5 处要改"]);
        assert_eq!(records(&t), 0);

        one.post(&url, &form("no_answer", "a")).await.is(303);
        one.post(&url, &form("no_answer", "a")).await.is(303);
        assert_eq!(records(&t), 1, "a double click is one contact");
        // The last: far too much, far too late.
        let mut much = form("promised", "p");
        much.extend([("promised_on", "2026-12-28"), ("promised", "99999999")]);
        one.post(&url, &much).await.is(422).says(&["比全部欠款还多"]);
        let mut far = form("reached", "p");
        far.push(("next_on", "2036-12-01"));
        one.post(&url, &far).await.is(422).says(&["太远了，最晚到 2027-12-22"]);
        let mut second = form("reached", "b");
        second.push(("note", "他哥哥接的"));
        other.post(&url, &second).await.is(409).says(&["别人刚刚改过这一户", "他哥哥接的"]);
        assert_eq!(records(&t), 1, "of two clerks the second is told, and nothing is kept");

        // Taken back: the case stands as before.
        let record: i64 =
            read(&t, |db| Ok(contact_record::table.select(contact_record::id).first(db)?));
        let undo = [("record", record.to_string())];
        let undo: Vec<(&str, &str)> = undo.iter().map(|(k, v)| (*k, v.as_str())).collect();
        one.post(&format!("/overdue/{no}/undo"), &undo).await.is(303);
        let back = case(&t, &no);
        assert_eq!((back.tries, back.next_on, records(&t)), (seen.tries, seen.next_on, 0));
        let twice = one.post(&format!("/overdue/{no}/undo"), &undo).await;
        assert_eq!(twice.is(303).header("location"), format!("/overdue/{no}"));
        one.get(&format!("/overdue/{no}")).await.says(&["这次联系刚才已经撤销了"]);
        // Not when something else was done since.
        act(&t, &mut one, (&no, "contacts"), &contact("no_answer", "student", "c")).await.is(303);
        let newest: i64 = read(&t, |db| {
            let all = contact_record::table.select(contact_record::id);
            Ok(all.order(contact_record::id.desc()).first(db)?)
        });
        let pause = [("step", "pause"), ("until", "2026-12-30"), ("reason", "过几天再打")];
        let seen = case(&t, &no);
        let (id, version) = (seen.id.to_string(), seen.version.to_string());
        act(&t, &mut one, (&no, "steps"), &pause).await.is(303);
        // The same form twice is told; another one from a page left open keeps what was typed.
        let url = format!("/overdue/{no}/steps");
        let at = [("case", id.as_str()), ("version", version.as_str())];
        let twice: Vec<_> = at.into_iter().chain(pause).collect();
        one.post(&url, &twice).await.is(303);
        let back = [("step", "back"), ("reason", "找到新号码了")];
        let other: Vec<_> = at.into_iter().chain(back).collect();
        let said = one.post(&url, &other).await;
        said.is(409).says(&["别人刚刚改过这一户", "找到新号码了"]);
        let newest = newest.to_string();
        let undo = [("record", newest.as_str())];
        let late = one.post(&format!("/overdue/{no}/undo"), &undo).await;
        late.is(409).says(&["又办过别的事，不能再撤销", "过几天再打"]);

        // The next one of the list, until nobody is left.
        one.get("/overdue/next").await.is(200).says(&["保存，下一人"]);
        t.add_office("512021", "AY", "安岳县学生资助管理中心");
        let stranger = t.add_staff_to("512021", "anyue", "外县", Role::Director, "");
        t.sign_in_as(&stranger).get(&format!("/overdue/{no}")).await.is(404);
    });
}

#[test]
fn lists_are_kept_under_a_name_and_many_get_another_owner() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let save = [("name", "宝林镇的"), ("query", "?township=宝林镇"), ("shared", "1")];
        clerk.post("/overdue/lists", &save).await.is(303);
        clerk.get("/overdue").await.is(200).says(&["宝林镇的"]);
        t.sign_in(Role::Reviewer).get("/overdue").await.says(&["宝林镇的"]);
        let nameless = [("name", " "), ("query", "?township=宝林镇"), ("shared", "1")];
        let page = clerk.post("/overdue/lists", &nameless).await;
        page.is(422).says(&["起个名字", "value=\"1\" checked", "township=%E5%AE%9D"]);
        for n in 1..12 {
            let another = [("name", &*n.to_string()), ("query", "")];
            clerk.post("/overdue/lists", &another).await.is(303);
        }
        let page = clerk.post("/overdue/lists", &[("name", "第十三个"), ("query", "")]).await;
        page.is(422).says(&["请先去掉一个", "value=\"第十三个\""]);
        for sort in ["", "first"] {
            clerk.get(&format!("/overdue?sort={sort}")).await.is(200).says(&["欠款金额"]);
        }
        for stage in ["student", "police", "paid"] {
            clerk.get(&format!("/overdue?stage={stage}")).await.is(200);
        }
        let book = clerk.get("/overdue.xlsx").await;
        assert!(book.is(200).bytes.starts_with(b"PK"));
        let choose = [("do", "owner"), ("file", all[0].as_str()), ("file", all[1].as_str())];
        let asked = clerk.post("/overdue/bulk", &choose).await;
        let to = format!("/overdue/bulk?do=owner&file={}&file={}", all[0], all[1]);
        assert_eq!(asked.is(303).header("location"), to);
        clerk.get(&to).await.is(200).says(&["责任人"]);
    });
}

/// What the table of overdue families says of everybody, and what the tables behind it say.
fn families(t: &TestApp) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    use zhuxue::plumbing::schema::{overdue_family, person};
    type Row = (i64, i64, i64, String, String, String, String, String, String, Option<NaiveDate>);
    let text = |all: Vec<Row>| -> Vec<Vec<String>> {
        let one = |row: Row| {
            let (file, case, who, name, mask, town, police, school, university, on) = row;
            let mut texts = vec![name, mask, town, police, school, university];
            texts.extend([file, case, who].map(|id| id.to_string()));
            texts.extend(on.map(|on| on.to_string()));
            texts
        };
        all.into_iter().map(one).collect()
    };
    let kept: Vec<Row> = read(t, |db| {
        use overdue_family as f;
        Ok(f::table
            .order(f::file_id)
            .select((
                f::file_id,
                f::case_id,
                f::person_id,
                f::name_key,
                f::id_mask,
                f::township,
                f::police_station,
                f::high_school,
                f::university,
                f::graduates_on,
            ))
            .load(db)?)
    });
    let real: Vec<Row> = read(t, |db| {
        Ok(overdue_case::table
            .inner_join(loan_file::table)
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(overdue_case::state.ne(State::Closed))
            .order(loan_file::id)
            .select((
                loan_file::id,
                overdue_case::id,
                person::id,
                person::name_key,
                person::id_mask,
                person::township,
                person::police_station,
                loan_file::high_school,
                loan_file::university,
                loan_file::graduates_on,
            ))
            .load(db)?)
    });
    (text(kept), text(real))
}

#[test]
fn what_lists_ask_of_families_follows_person_file_and_case() {
    use zhuxue::plumbing::schema::person;
    each(async |t| {
        assert!(families(&t).0.is_empty(), "nobody is on the ladder");
        night(&t, AFTER);
        let (kept, real) = families(&t);
        assert!(kept.len() >= 3);
        assert_eq!(kept, real, "cases were opened");
        let no = files(&t).remove(0);
        let (file, who): (FileId, i64) = read(&t, |db| {
            let one = loan_file::table.filter(loan_file::file_no.eq(&no));
            Ok(one.select((loan_file::id, loan_file::person_id)).first(db)?)
        });
        let other: i64 = read(&t, |db| {
            let others = person::table.filter(person::id.ne(who)).order(person::id.desc());
            Ok(others.select(person::id).first(db)?)
        });
        t.app
            .db
            .write("changed behind the list", |db| {
                diesel::update(person::table.filter(person::id.eq(who)))
                    .set((person::name_key.eq("改了名字"), person::township.eq("改了乡镇")))
                    .execute(db)?;
                diesel::update(loan_file::table.filter(loan_file::id.eq(file)))
                    .set((
                        loan_file::university.eq("改了大学"),
                        loan_file::graduates_on.eq(None::<NaiveDate>),
                    ))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let (kept, real) = families(&t);
        assert_eq!(kept, real, "person and file were changed");
        assert!(kept.iter().any(|row| row[0] == "改了名字" && row[5] == "改了大学"));
        let mut clerk = t.sign_in(Role::Clerk);
        let named = zhuxue::base::url::link("/overdue", &[("q", "改了名字")]);
        clerk.get(&named).await.is(200).says(&[&format!("/overdue/{no}")]);
        t.app
            .db
            .write("another student", |db| {
                diesel::update(loan_file::table.filter(loan_file::id.eq(file)))
                    .set(loan_file::person_id.eq(other))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let (kept, real) = families(&t);
        assert_eq!(kept, real, "the file became somebody else's");
        assert!(!kept.iter().any(|row| row[0] == "改了名字"));
        let before = kept.len();
        pay(&t, &no, "2026-12-22");
        let (kept, real) = families(&t);
        assert_eq!(kept, real, "who has paid is on no list");
        assert_eq!(kept.len(), before - 1);
    });
}
