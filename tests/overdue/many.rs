//! Many cases at once: the next one of a long list, and another owner for all that are ticked.

use diesel::prelude::*;
use zhuxue::base::ids::{CaseId, FileId, PersonId};
use zhuxue::book::loan::{self, LoanFile};
use zhuxue::book::person::{self, Person};
use zhuxue::book::position::FilePosition;
use zhuxue::book::staff::Role;
use zhuxue::life::overdue::kinds::Stage;
use zhuxue::life::overdue::store::{self, Case};
use zhuxue::plumbing::schema::{
    file_position, history, loan_file, message, overdue_case, person as people,
};

use super::{AFTER, act, case, contact, files, night};
use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

/// So many further families like one, with more points, who were called today.
fn heavy_ones(t: &TestApp, like: &str, count: usize) {
    let of = case(t, like);
    t.app
        .db
        .write("test", |db| {
            let file: LoanFile =
                loan_file::table.find(of.file_id).select(LoanFile::as_select()).first(db)?;
            let student: Person =
                people::table.find(file.person_id).select(Person::as_select()).first(db)?;
            let position: FilePosition = file_position::table
                .find(of.file_id)
                .select(FilePosition::as_select())
                .first(db)?;
            for n in 0..count {
                let (who, id) = (PersonId::new(t.app.next_id()), FileId::new(t.app.next_id()));
                let index = format!("{n:032}").into_bytes();
                let one = Person { id: who, id_index: index, ..student.clone() };
                person::insert_all(db, &[one])?;
                let file_no = format!("LZ2099-{n:04}");
                loan::insert_files(
                    db,
                    &[LoanFile { id, person_id: who, file_no, ..file.clone() }],
                )?;
                let position = FilePosition { file_id: id, ..position.clone() };
                diesel::insert_into(file_position::table).values(&position).execute(db)?;
                let case = CaseId::new(t.app.next_id());
                let next_on = of.next_on + chrono::Days::new(9);
                let weight = of.weight + 1_000;
                let one = Case { id: case, file_id: id, next_on, weight, ..of.clone() };
                store::add_all(db, &[one])?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_next_one_is_found_behind_any_number_that_are_done() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        heavy_ones(&t, &all[0], 205);
        let mut clerk = t.sign_in(Role::Clerk);
        let me = read(&t, |db| Ok(overdue_case::table.select(overdue_case::owner_id).first(db)?));
        let me: Option<i64> = me;
        let list = format!("/overdue/next?list=parked&owner={}", me.unwrap());
        clerk.get(&list).await.is(303);
        let list = format!("/overdue/next?list=long-gone&sort=first&owner={}", me.unwrap());
        let page = clerk.get(&list).await;
        page.is(200).says(&["保存，下一人", "跳过，下一人"]);
    });
}

#[test]
fn one_that_somebody_else_changed_does_not_stop_the_rest() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let other = t.add_staff("bangong", "白芷", Role::Clerk);
        let (mut clerk, mut second) = (t.sign_in(Role::Clerk), t.sign_in(Role::Clerk));
        let seen: Vec<String> = all
            .iter()
            .map(|no| case(&t, no))
            .map(|case| format!("{}:{}", case.id, case.version))
            .collect();
        let form = contact("no_answer", "student", "meanwhile");
        act(&t, &mut second, (&all[1], "contacts"), &form).await.is(303);
        let owner = other.id.to_string();
        let mut fields = vec![("do", "sure"), ("owner", owner.as_str())];
        fields.extend(all.iter().map(|no| ("file", no.as_str())));
        fields.extend(seen.iter().map(|one| ("seen", one.as_str())));
        let lines = |t: &TestApp| -> i64 {
            read(t, |db| {
                let of = history::table.filter(history::action.eq("case_owner"));
                Ok(of.count().get_result(db)?)
            })
        };
        let page = clerk.post("/overdue/bulk", &fields).await;
        let done = format!("{} 户已改责任人", all.len() - 1);
        page.is(409).says(&[&done, "别人刚刚改过", "1 户改责任人"]);
        assert_eq!(page.text.matches("name=\"seen\"").count(), 1, "only that one is left");
        let now = case(&t, &all[1]);
        page.says(&[&all[1], &format!("{}:{}", now.id, now.version)]);
        page.says(&[&format!("value=\"{owner}\" selected")]);
        for (at, no) in all.iter().enumerate() {
            assert_eq!(case(&t, no).owner_id == Some(other.id), at != 1, "{no}");
        }
        assert_eq!(lines(&t), i64::try_from(all.len()).unwrap() - 1);
        // Once more with what the page has now.
        let seen = format!("{}:{}", now.id, now.version);
        let rest = [("do", "sure"), ("owner", &*owner), ("file", &*all[1]), ("seen", &*seen)];
        clerk.post("/overdue/bulk", &rest).await.is(303);
        assert_eq!(case(&t, &all[1]).owner_id, Some(other.id));
        // Who cannot follow gets nothing.
        let auditor = t.add_staff("shenji9", "审计员", Role::Auditor).id.to_string();
        let seen = case(&t, &all[0]);
        let seen = format!("{}:{}", seen.id, seen.version);
        let wrong = [("do", "sure"), ("owner", &*auditor), ("file", &*all[0]), ("seen", &*seen)];
        clerk.post("/overdue/bulk", &wrong).await.is(422).says(&["现在不能跟进"]);
    });
}

/// The page that asks once more, as a browser gets it after the ticks.
async fn asked(clerk: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let answer = clerk.post("/overdue/bulk", fields).await;
    let to = answer.is(303).header("location").to_owned();
    clerk.get(&to).await
}

/// A column of these cases, as a test needs them.
fn tried(t: &TestApp, file_no: &str, tries: i32) {
    let id = case(t, file_no).id;
    let set = |db: &mut zhuxue::plumbing::db::Db| {
        diesel::update(overdue_case::table.find(id))
            .set(overdue_case::tries.eq(tries))
            .execute(db)?;
        Ok(())
    };
    t.app.db.write("test", set).unwrap();
}

#[test]
fn many_go_up_for_one_reason_and_those_that_may_not_are_named_and_stay() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        for (at, no) in all.iter().enumerate() {
            tried(&t, no, if at == 1 { 0 } else { 9 });
        }
        let mut clerk = t.sign_in(Role::Clerk);
        let mut fields = vec![("do", "up")];
        fields.extend(all.iter().map(|no| ("file", no.as_str())));
        let page = asked(&mut clerk, &fields).await;
        page.is(200).says(&["户转下一阶段", "共同借款人", "理由"]);
        page.says(&["bulk?do=up&amp;file="]);
        let seen: Vec<String> = all
            .iter()
            .map(|no| case(&t, no))
            .map(|case| format!("{}:{}", case.id, case.version))
            .collect();
        let mut sure = vec![("do", "sure_up"), ("reason", "")];
        sure.extend(all.iter().map(|no| ("file", no.as_str())));
        sure.extend(seen.iter().map(|one| ("seen", one.as_str())));
        clerk.post("/overdue/bulk", &sure).await.is(422).says(&["请写一句理由"]);
        sure[1].1 = "电话都打过了";
        let page = clerk.post("/overdue/bulk", &sure).await;
        let done = format!("{} 户已转下一阶段", all.len() - 1);
        page.is(409).says(&[&done, "没有转下一阶段", "还没有联系过", "value=\"电话都打过了\""]);
        assert_eq!(page.text.matches("name=\"seen\"").count(), 1, "only that one is left");
        for (at, no) in all.iter().enumerate() {
            let stage = if at == 1 { Stage::Student } else { Stage::CoBorrower };
            assert_eq!(case(&t, no).stage, stage, "{no}");
        }
        let page = clerk.get(&format!("/overdue/{}", all[0])).await;
        page.says(&["电话都打过了"]);
    });
}

#[test]
fn a_message_to_many_is_shown_waits_to_be_let_go_and_is_written_once() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        // The bank's data no longer say that this one is late; its case still stands.
        let paid = case(&t, &all[1]).file_id;
        let settled = |db: &mut zhuxue::plumbing::db::Db| {
            diesel::update(file_position::table.find(paid))
                .set(file_position::oldest_unpaid_due_on.eq(None::<chrono::NaiveDate>))
                .execute(db)?;
            Ok(())
        };
        t.app.db.write("test", settled).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let mut fields = vec![("do", "message")];
        fields.extend(all.iter().map(|no| ("file", no.as_str())));
        let page = asked(&mut clerk, &fields).await;
        page.is(200).says(&["到期未还提醒", "等放行", "约 ¥", "没有说这一户到期未还", &all[1]]);
        let key = page.hidden("key");
        fields.push(("reason", "please_call"));
        let other = format!("/overdue/bulk?do=message&reason=please_call&file={}", all[0]);
        clerk.get(&other).await.is(200).says(&["value=\"please_call\" selected"]);
        for nothing in ["/overdue/bulk", "/overdue/bulk?do=message"] {
            assert_eq!(clerk.get(nothing).await.is(303).header("location"), "/overdue");
        }
        let mut sure = fields.clone();
        sure.extend([("sure", "1"), ("key", key.as_str())]);
        for _ in 0..2 {
            clerk.post("/overdue/bulk", &sure).await.is(303);
        }
        let again = "not-that-key";
        sure.last_mut().unwrap().1 = again;
        clerk.post("/overdue/bulk", &sure).await.is(303);
        clerk.get("/messages").await.says(&["今天已经写过同样的"]);
        let rows: Vec<(String, String, Option<i64>)> = read(&t, |db| {
            Ok(message::table
                .filter(message::reason.eq("please_call"))
                .select((message::state, message::channel, message::file_id))
                .load(db)?)
        });
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|(state, by, _)| (&**state, &**by) == ("held", "sms")), "{rows:?}");
        assert!(rows.iter().all(|(_, _, file)| *file != Some(paid.get())), "not to them");
        assert_eq!(rows.len(), all.len() - 1, "one each");
        clerk.post("/overdue/bulk", &[("do", "message")]).await.is(303);
        t.sign_in(Role::Auditor).post("/overdue/bulk", &fields).await.is(403);
    });
}

/// A family that the program tells today anyway is not told a second time by hand.
#[test]
fn who_has_a_message_of_today_by_the_program_gets_none_by_hand() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        zhuxue::jobs::send_overdue_notices::run(&t.app, AFTER.parse().unwrap()).unwrap();
        // Of one the notice was cancelled: nothing is sent to that family today.
        let free = case(&t, &all[0]).file_id;
        let cancel = |db: &mut zhuxue::plumbing::db::Db| {
            diesel::update(message::table.filter(message::file_id.eq(free.get())))
                .set(message::state.eq("cancelled"))
                .execute(db)?;
            Ok(())
        };
        t.app.db.write("test", cancel).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let mut fields = vec![("do", "message"), ("reason", "please_call")];
        fields.extend(all.iter().map(|no| ("file", no.as_str())));
        let page = clerk.get(&zhuxue::base::url::link("/overdue/bulk", &fields)).await;
        let line = format!("{} 户今天系统已经写了还款消息", all.len() - 1);
        page.is(200).says(&[&line, "1 户，学生和共同借款人", &all[1]]);
        let key = page.hidden("key");
        fields.extend([("sure", "1"), ("key", key.as_str())]);
        clerk.post("/overdue/bulk", &fields).await.is(303);
        let to: Vec<Option<i64>> = read(&t, |db| {
            Ok(message::table
                .filter(message::reason.eq("please_call"))
                .select(message::file_id)
                .load(db)?)
        });
        assert!(!to.is_empty() && to.iter().all(|file| *file == Some(free.get())), "{to:?}");
    });
}
