//! The page of a family: records, undo, the contact tree, lost and found.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{
    contact_change, contact_duty, contact_record, overdue_case, person_phone,
};

use super::{NAME, duty, file_no, planned, write_down};
use crate::borrower::town::read;
use crate::support::Answer;
use zhuxue::plumbing::db::Db;

fn pairs<'a>(form: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    form.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_contact_is_written_down_once_and_taken_back_on_the_same_day() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        let page = clerk.get(&path).await;
        page.is(200).says(&[NAME, "记一次联系", "未联系", "可以说金额", "找不到人时"]);
        let (key, seen) = (page.hidden("command_key"), page.hidden("seen"));
        let number = page.text.split("value=\"phone:").nth(1).unwrap();
        let number = format!("phone:{}", number.split('"').next().unwrap());
        let fields = [
            ("command_key", key.as_str()),
            ("seen", &seen),
            ("on_day", "2026-10-31"),
            ("channel", "call"),
            ("party", "student"),
            ("party_name", "本人"),
            ("number", &number),
            ("outcome", "reached"),
            ("ability", "able"),
            ("situation", "父母在外务工"),
            ("wish", "想提前还一部分"),
            ("evidence", "通话记录"),
            ("next_on", "2026-11-20"),
            ("whose", "student"),
            ("new_phone", "164 1100 9999"),
            ("new_address", "乐至县宝林镇新村9组1号"),
        ];
        for _ in 0..2 {
            clerk.post(&format!("{path}/records"), &fields).await.is(303);
        }
        let rows: i64 = read(&t, |db| Ok(contact_record::table.count().get_result(db)?));
        let asked: i64 = read(&t, |db| Ok(contact_change::table.count().get_result(db)?));
        assert_eq!((rows, asked), (1, 0), "a double click is one contact");
        assert_eq!(duty(&t, NAME).0, "done");
        let page = clerk.get(&path).await;
        page.says(&["父母在外务工", "想提前还一部分", "能按期还", "能打通", "164****9999"]);
        clerk.get("/contact-changes").await.says(&["没有要核对的修改"]);
        let loan = clerk.get(&path.replace("family-contacts", "loans")).await;
        loan.is(200).says(&["今年的家庭联系：已联系"]);

        let undo = page.text.split("/undo\"").next().unwrap();
        let id = undo.rsplit('/').next().unwrap().replace("records&#x2f;", "");
        let id = id.rsplit("&#x2f;").next().unwrap().to_owned();
        let undo = format!("{path}/records/{id}/undo");
        clerk.post(&undo, &[]).await.is(303);
        clerk.post(&undo, &[]).await.is(303);
        clerk.get(&path).await.says(&["这条记录刚才已经撤销了"]);
        assert_eq!(duty(&t, NAME), ("open".to_owned(), 0, String::new()));
        clerk.get(&path).await.says(&["还没有联系记录"]);

        write_down(&mut clerk, &path, ("2026-10-30", "call", "student", "reached")).await;
        t.set_day("2026-11-01");
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&path).await;
        assert!(!page.text.contains("撤销这条"));
        let id: i64 = read(&t, |db| {
            Ok(contact_record::table
                .filter(contact_record::undone_at.is_null())
                .select(contact_record::id)
                .first(db)?)
        });
        let late = clerk.post(&format!("{path}/records/{id}/undo"), &[]).await;
        late.is(422).says(&["只能撤销当天"]);
    });
}

#[test]
fn of_two_tabs_of_one_family_the_second_is_told_and_keeps_what_was_typed() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        let to = format!("{path}/records");
        let pages = [clerk.get(&path).await, clerk.get(&path).await];
        let form = |page: &Answer, note| {
            let own = ["command_key", "seen"].map(|name| (name, page.hidden(name)));
            let typed = [
                ("on_day", "2026-10-31"),
                ("channel", "call"),
                ("party", "student"),
                ("outcome", "reached"),
                ("note", note),
            ];
            own.into_iter()
                .chain(typed.map(|(name, value)| (name, value.to_owned())))
                .collect::<Vec<_>>()
        };
        let rows = || -> i64 { read(&t, |db| Ok(contact_record::table.count().get_result(db)?)) };
        clerk.post(&to, &pairs(&form(&pages[0], "第一页写的"))).await.is(303);
        let second = clerk.post(&to, &pairs(&form(&pages[1], "第二页写的"))).await;
        second.is(409).says(&["别人刚刚改过", "第二页写的", "第一页写的"]);
        // Back in the browser, and another word written.
        let back = clerk.post(&to, &pairs(&form(&pages[0], "退回来改的"))).await;
        back.is(409).says(&["退回来改的"]);
        assert_eq!(rows(), 1);
        clerk.post(&to, &pairs(&form(&second, "第二页写的"))).await.is(303);
        assert_eq!(rows(), 2, "whoever has seen the first may write another");
        // Without a task of the year the records alone tell.
        let gone = |db: &mut Db| Ok(diesel::delete(contact_duty::table).execute(db)?);
        t.app.db.write("test", gone).unwrap();
        let page = clerk.get(&path).await;
        clerk.post(&to, &pairs(&form(&page, "又一次"))).await.is(303);
        clerk.post(&to, &pairs(&form(&page, "再一次"))).await.is(409);
        assert_eq!(rows(), 3);
    });
}

#[test]
fn what_is_missing_is_said_and_what_was_typed_stays() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        let fields = [
            ("command_key", "desk-7"),
            ("on_day", "2027-01-01"),
            ("channel", "phone_page"),
            ("party", "student"),
            ("outcome", "promised"),
            ("number", "phone:1"),
            ("situation", "母亲住院"),
            ("new_phone", "12345"),
            ("new_address", "村里"),
            ("next_on", "2020-01-01"),
        ];
        let page = clerk.post(&format!("{path}/records"), &fields).await;
        page.is(422).says(&[
            "不晚于今天",
            "请选用什么方式联系",
            "请选结果",
            "请重新选号码",
            "母亲住院",
            "住址写清楚",
            "不早于今天",
            "value=\"desk-7\"",
        ]);
        let far = [("on_day", "2026-11-01"), ("next_on", "2040-01-01")];
        clerk.post(&format!("{path}/records"), &far).await.is(422).says(&["每户每年至少联系一次"]);
        let rows: i64 = read(&t, |db| Ok(contact_record::table.count().get_result(db)?));
        assert_eq!(rows, 0);
    });
}

#[test]
fn the_tree_keeps_who_may_know_what_and_the_state_of_each_number() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        let wrong = [("kind", "teacher"), ("phone", "1"), ("may_know", "")];
        let page = clerk.post(&format!("{path}/points"), &wrong).await;
        page.is(422).says(&["称呼还没有填", "请选可以说什么"]);
        let fields = [
            ("kind", "teacher"),
            ("name", "王老师"),
            ("relation", "高三（2）班班主任"),
            ("phone", "164 1100 8888"),
            ("may_know", "contact_only"),
        ];
        for _ in 0..2 {
            clerk.post(&format!("{path}/points"), &fields).await.is(303);
        }
        let page = clerk.get(&path).await;
        assert_eq!(page.text.matches("name=\"retire\"").count(), 1, "a double click");
        page.says(&["班主任 王老师", "164****8888", "只请转告回电"]);
        let id = page.text.split("value=\"point:").nth(1).unwrap().split('"').next().unwrap();
        let seen = clerk.post("/reveal", &[("kind", "point"), ("id", id)]).await;
        seen.is(200).says(&["16411008888"]);
        let one = format!("{path}/points/{id}");
        clerk.post(&one, &[("tried", "x")]).await.is(422);
        clerk.post(&one, &[("tried", "no_answer")]).await.is(303);
        clerk.get(&path).await.says(&["无人接听"]);
        clerk.post(&one, &[("retire", "yes")]).await.is(303);
        assert!(!clerk.get(&path).await.text.contains("王老师"));
        clerk.post(&one, &[("retire", "yes")]).await.is(404);

        let phone = page.text.split("value=\"phone:").nth(1).unwrap().split('"').next().unwrap();
        let dead = [("tried", "wrong_person")];
        clerk.post(&format!("{path}/phones/{phone}"), &dead).await.is(303);
        let id: i64 = phone.parse().unwrap();
        let state: (String, String) = read(&t, |db| {
            Ok(person_phone::table
                .find(id)
                .select((person_phone::state, person_phone::tried))
                .first(db)?)
        });
        assert_eq!(state, ("dead".to_owned(), "wrong_person".to_owned()));
        clerk.post(&format!("{path}/phones/1"), &dead).await.is(404);
    });
}

#[test]
fn lost_only_after_the_tries_of_the_rule_and_found_by_a_word() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        let lost = format!("{path}/lost");
        let why = [("state", "lost"), ("reason", "全家外出，村里也不知道")];
        let page = clerk.post(&lost, &why).await;
        page.is(422).says(&["还不能标记失联", "问过毕业高中或村（社区）"]);
        page.says(&["全家外出，村里也不知道", "一共试过 4 次（现在 0 次）"]);
        for one in [
            ("2026-10-10", "call", "student", "bad_number"),
            ("2026-10-12", "call", "co_borrower", "no_answer"),
            ("2026-10-20", "call", "school", "left_word"),
        ] {
            write_down(&mut clerk, &path, one).await;
        }
        clerk.post(&lost, &why).await.is(422).says(&["用过 2 种方式（现在 1 种）"]);
        let visit = ("2026-10-30", "visit", "village", "moved_away");
        write_down(&mut clerk, &path, visit).await;
        clerk.post(&lost, &[("state", "lost")]).await.is(422).says(&["请写一句理由"]);
        clerk.post(&lost, &why).await.is(303);
        assert_eq!(duty(&t, NAME), ("lost".to_owned(), 4, why[1].1.to_owned()));
        clerk.post(&lost, &why).await.is(303);
        clerk.get(&path).await.says(&["刚才已经记下了，没有再改"]);
        clerk.get("/family-contacts?list=lost").await.says(&[NAME, "失联"]);
        let again = [("state", "open"), ("reason", "村里有了新消息")];
        clerk.post(&lost, &again).await.is(303);
        assert_eq!(duty(&t, NAME).0, "open");
        clerk.post(&lost, &why).await.is(303);
        write_down(&mut clerk, &path, ("2026-10-31", "chat", "family", "reached")).await;
        assert_eq!(duty(&t, NAME).0, "done");
    });
}

#[test]
fn an_overdue_family_is_told_apart_and_other_offices_see_nothing() {
    planned(async |t| {
        let no = file_no(&t, NAME);
        let path = format!("/family-contacts/{no}");
        let mut clerk = t.sign_in(Role::Clerk);
        assert!(!clerk.get(&path).await.text.contains("去逾期跟进"));
        let case = t.app.next_id();
        t.app
            .db
            .write("case", |db| {
                use zhuxue::plumbing::schema::loan_file;
                let file: i64 = loan_file::table
                    .filter(loan_file::file_no.eq(&no))
                    .select(loan_file::id)
                    .first(db)?;
                let day: chrono::NaiveDate = "2026-10-31".parse().unwrap();
                diesel::insert_into(overdue_case::table)
                    .values((
                        overdue_case::id.eq(case),
                        overdue_case::office_code.eq("512022"),
                        overdue_case::file_id.eq(file),
                        overdue_case::state.eq("open"),
                        overdue_case::stage.eq("student"),
                        overdue_case::opened_on.eq(day),
                        overdue_case::stage_since.eq(day),
                        overdue_case::next_step.eq(""),
                        overdue_case::next_on.eq(day),
                        overdue_case::tries.eq(0),
                        overdue_case::reached.eq(false),
                        overdue_case::broken_promises.eq(0),
                        overdue_case::weight.eq(0_i64),
                        overdue_case::version.eq(1),
                    ))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        clerk.get(&path).await.says(&["去逾期跟进", &format!("/overdue/{no}")]);

        t.add_office("512021", "AY", "安岳县学生资助管理中心");
        let other = t.add_staff_to("512021", "other", "别人", Role::Clerk, "");
        let mut other = t.sign_in_as(&other);
        other.get(&path).await.is(404);
        other.get("/family-contacts?list=all").await.is(200).says(&["还没有安排"]);
        let fields = [
            ("on_day", "2026-10-31"),
            ("channel", "call"),
            ("party", "student"),
            ("outcome", "reached"),
        ];
        other.post(&format!("{path}/records"), &fields).await.is(404);
        other.post(&format!("{path}/lost"), &[("reason", "不知道在哪里")]).await.is(404);
        other.get("/family-contacts/coverage").await.is(200).says(&["还没有要联系的家庭"]);
        t.sign_in(Role::Auditor).get(&path).await.is(200);
        t.sign_in(Role::Auditor).post(&format!("{path}/records"), &fields).await.is(403);
    });
}

/// What follows a name in a page, up to the quote.
fn value(text: &str, name: &str) -> String {
    text.split(name).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn one_family_after_another_takes_two_keys() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let list = clerk.get("/family-contacts").await;
        list.is(200).says(&["逐户联系", "姓名或证件尾号"]);
        let page = clerk.get("/family-contacts/next").await;
        page.is(200).says(&["data-keys", "保存，下一户", "<kbd>1</kbd> 联系上了", "data-next"]);
        let text = page.text.replace("&#x2f;", "/");
        let first = value(&text, "action=\"/family-contacts/");
        let (first, _) = first.split_once('/').unwrap();
        // A key for the result, and Ctrl+Enter: everything else is there already.
        let (key, number) = (page.hidden("command_key"), value(&page.text, "value=\"phone:"));
        let (flow, number) = (page.hidden("flow"), format!("phone:{number}"));
        let seen = page.hidden("seen");
        let fields = [
            ("command_key", key.as_str()),
            ("seen", seen.as_str()),
            ("flow", flow.as_str()),
            ("on_day", "2026-10-31"),
            ("channel", "call"),
            ("party", ""),
            ("number", number.as_str()),
            ("outcome", "reached"),
        ];
        let to = format!("/family-contacts/{first}/records");
        let kept = clerk.post(&to, &fields).await;
        let onward = kept.is(303).header("location").to_owned();
        assert!(onward.starts_with("/family-contacts/next?after="), "{onward}");
        let next = clerk.get(&onward).await;
        next.is(200).says(&["已保存：本人，联系上了", "撤销"]);
        let text = next.text.replace("&#x2f;", "/");
        assert!(!text.contains(&format!("/family-contacts/{first}/records\"")));
        let again = clerk.post(&to, &fields).await;
        assert!(!again.is(303).header("location").contains("saved="), "nothing new");
        let bad = clerk.post(&to, &[("flow", flow.as_str()), ("number", &number)]).await;
        bad.is(422).says(&["请选结果", "保存，下一户"]);
        let undo = format!("/family-contacts/{first}/records/{}/undo", next.hidden("record"));
        clerk.post(&undo, &[]).await.is(303);
        let end = "/family-contacts/next?after=2099-01-01.9223372036854775807";
        clerk.get(end).await.is(303);
        clerk.get("/family-contacts").await.says(&["这个名单到底了"]);
        clerk.get("/family-contacts?q=%E5%90%95%E5%87%A4").await.is(200).says(&[NAME]);
        let none = clerk.get("/family-contacts?q=%E6%97%A0%E6%AD%A4%E4%BA%BA").await;
        none.says(&["这一份名单里没有家庭"]);
        t.sign_in(Role::Auditor).get("/family-contacts/next").await.is(403);
    });
}

#[test]
fn before_a_restore_what_families_have_said_is_told_first() {
    planned(async |t| {
        if t.app.db.is_postgres() {
            return;
        }
        zhuxue::jobs::back_up::run(&t.app, t.app.clock.today()).unwrap();
        t.app.clock.set_at(t.app.clock.now_at() + chrono::Duration::minutes(5));
        let mut clerk = t.sign_in(Role::Clerk);
        let path = format!("/family-contacts/{}", file_no(&t, NAME));
        for day in ["2026-10-30", "2026-10-31"] {
            write_down(&mut clerk, &path, (day, "call", "student", "no_answer")).await;
        }
        clerk.get("/family-contacts.xlsx").await.is(200);
        let copy = format!("/admin/backups/zhuxue-{}.db", t.app.clock.today());
        let page = t.sign_in(Role::Director).get(&copy).await;
        page.is(200).says(&["恢复以后会缺", "<li>联系记录 2 条</li>", "几秒到几分钟"]);
        let at = |words: &str| page.text.find(words).unwrap_or_else(|| panic!("{}", page.text));
        assert!(at("联系记录 2 条") < at("导出 1 次"), "{}", page.text);
        assert!(!page.text.contains("十秒"));
    });
}
