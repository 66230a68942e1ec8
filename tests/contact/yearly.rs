//! 家庭联系表: families given to villages and schools go out on sheets that say nothing of money,
//! and what comes back is the contact of the year.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::life::visits::purpose::Purpose;
use zhuxue::plumbing::schema::{
    contact_duty, contact_point, contact_record, loan_file, overdue_case, person_phone, warning,
};

use super::{planned, run};
use crate::borrower::town::{each, read};
use crate::support::{Browser, TestApp};
use crate::visits::{batches, sheets};

const TOWN: &str = "宝林镇";
const LIST: &str = "/visits?purpose=yearly&by=village";

/// What no paper of a yearly contact may say.
const NEVER: [&str; 8] =
    ["¥", "到期未还", "逾期", "还款提醒", "催", "近日还", "约好哪天还", "罚息"];

fn state_of(t: &TestApp, file: i64) -> String {
    read(t, |db| {
        Ok(contact_duty::table
            .filter(contact_duty::file_id.eq(file))
            .select(contact_duty::state)
            .first(db)?)
    })
}

/// Gives the families of the town to their villages and makes the sheets.
async fn made(t: &TestApp) -> Browser {
    let mut director = t.sign_in(Role::Director);
    let fields = [("of", format!("township:{TOWN}")), ("to", "village".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    director.post("/family-contacts/share", &fields).await.is(303);
    let mut clerk = t.sign_in(Role::Clerk);
    let fields = [("purpose", "yearly"), ("by", "village"), ("set", "1"), ("amounts", "1")];
    clerk.post("/visits/batches", &fields).await.is(303);
    clerk
}

#[test]
fn families_given_to_villages_go_out_on_sheets_without_money() {
    planned(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(LIST).await.is(200).says(&["没有分给村（社区）", "请主任或复核"]);
        let mut director = t.sign_in(Role::Director);
        director.get(LIST).await.is(200).says(&["/family-contacts/share"]);
        let none = [("purpose", "yearly"), ("by", "village"), ("set", "1")];
        clerk.post("/visits/batches", &none).await.is(422).says(&["先在“分配家庭联系”里分给"]);
        let police = "/visits?purpose=yearly&by=police";
        clerk.get(police).await.is(422).says(&["家庭联系请选择按村或按高中"]);

        let mut clerk = made(&t).await;
        let (all, rows) = (sheets(&t), batches(&t));
        let given: i64 = read(&t, |db| {
            let village = contact_duty::assignee_kind.eq("village");
            Ok(contact_duty::table.filter(village).count().get_result(db)?)
        });
        assert_eq!(i64::try_from(all.len()).unwrap(), given);
        assert!(rows.iter().all(|row| row.purpose == Purpose::Yearly && !row.amounts));
        assert!(all[0].0.number.starts_with("JC26-"), "{}", all[0].0.number);
        clerk.get(LIST).await.is(200).says(&["户今年还没有联系"]);
        let again = [("purpose", "yearly"), ("by", "village")];
        clerk.post("/visits/batches", &again).await.is(422).says(&["已有走访表在外"]);

        let here = format!("/visits/batches/{}", rows[0].id);
        clerk.get(&here).await.is(200).says(&["家庭联系表", "记下交付"]);
        clerk.get("/visits/sent").await.is(200).says(&["家庭联系，"]);
        let print = clerk.get(&format!("{here}/print?all=1")).await;
        print.is(200).says(&["助学贷款家庭联系表", "每年和每个家庭联系一次", "还款能力", "JC26-"]);
        let paper = print.text.split("<main").last().unwrap();
        for never in NEVER {
            assert!(!paper.contains(never), "a yearly paper says {never}");
        }
        let book = clerk.get(&format!("{here}/workbook.xlsx")).await;
        let tables = zhuxue::plumbing::sheet::read(&book.bytes, &Default::default()).unwrap();
        let cells: Vec<String> = tables
            .iter()
            .flat_map(|table| table.rows.iter())
            .flat_map(|row| row.cells.into_iter().map(|cell| cell.text.to_string()))
            .collect();
        assert!(cells.iter().any(|cell| cell == "助学贷款家庭联系名单"), "{cells:?}");
        for never in ["到期未还", "约定还款", "还款提醒", "还款到期"] {
            assert!(!cells.iter().any(|cell| cell.contains(never)), "the list says {never}");
        }
        clerk.get(&format!("{here}/papers.pdf")).await.is(422).says(&["zhuxue-papers"]);
    });
}

#[test]
fn a_sheet_that_is_back_and_accepted_is_the_contact_of_the_year() {
    planned(async |t| {
        let mut clerk = made(&t).await;
        let (sheet, code) = sheets(&t).remove(0);
        let file = sheet.file_id.get();
        assert_eq!(state_of(&t, file), "open");
        let before = clerk.get("/family-contacts/coverage?by=clerk").await.text;

        let mut phone = t.nobody();
        let here = format!("/r/{code}");
        let page = phone.get(&here).await;
        page.is(200).says(&["家庭联系结果回报", "以后按期还款有没有困难", "家里的想法"]);
        for never in NEVER {
            assert!(!page.text.contains(never), "the page says {never}");
        }
        let promised = [("outcome", "promised"), ("met", "parents"), ("filled_by", "王主任")];
        phone.upload(&here, &promised, &[]).await.is(422).says(&["请选一项"]);
        let good = [
            ("outcome", "reached"),
            ("met", "parents"),
            ("ability", "partly"),
            ("wish", "想问问展期"),
            ("new_phone", "16410990021"),
            ("family_phone", "16410994848"),
            ("filled_by", "王主任"),
        ];
        phone.upload(&here, &good, &[]).await.is(303);
        phone.get(&here).await.says(&["这张家庭联系表", "已经交回"]);
        assert_eq!(state_of(&t, file), "open", "a proposal meets nothing");

        t.app.note_change();
        let _ = clerk.get("/visits/returns").await.is(200).says(&["家庭联系", "联系上了"]);
        let id: i64 = read(&t, |db| {
            use zhuxue::plumbing::schema::sheet_return;
            Ok(sheet_return::table.select(sheet_return::id).first(db)?)
        });
        let back = format!("/visits/returns/{id}");
        clerk.get(&back).await.is(200).says(&["能还一部分", "想问问展期", "家庭联系表上写的"]);
        let accept = [("decision", "accept"), ("take_phone", "1"), ("take_family", "1")];
        clerk.post(&back, &accept).await.is(303);
        assert_eq!(state_of(&t, file), "done");
        let kept: (String, String, Option<i64>, String) = read(&t, |db| {
            Ok(contact_record::table
                .select((
                    contact_record::ability,
                    contact_record::wish,
                    contact_record::case_id,
                    contact_record::evidence,
                ))
                .first(db)?)
        });
        let wanted = ("partly".to_owned(), "想问问展期".to_owned(), None, "家庭联系表".to_owned());
        assert_eq!(kept, wanted);
        let numbers: (i64, i64) = read(&t, |db| {
            let mask = person_phone::phone_mask.eq("164****0021");
            Ok((
                person_phone::table.filter(mask).count().get_result(db)?,
                contact_point::table.count().get_result(db)?,
            ))
        });
        assert_eq!(numbers, (1, 1));
        let after = clerk.get("/family-contacts/coverage?by=clerk").await.text;
        assert_ne!(before, after, "the coverage moved");
        // It is spoken with: no second paper of it is printed.
        let print = format!("/visits/batches/{}/print?all=1", sheet.batch_id);
        let again = clerk.get(&print).await;
        assert!(!again.text.contains(&format!("编号 {}", sheet.number)));
    });
}

#[test]
fn a_school_gets_its_own_and_a_typed_in_one_asks_for_no_promise() {
    planned(async |t| {
        let mut director = t.sign_in(Role::Director);
        let share = [("of", "township:宝林镇"), ("to", "school")];
        director.post("/family-contacts/share", &share).await.is(303);
        let mut clerk = t.sign_in(Role::Clerk);
        let fields = [("purpose", "yearly"), ("by", "school"), ("set", "1")];
        clerk.post("/visits/batches", &fields).await.is(303);
        let (sheet, _) = sheets(&t).remove(0);
        assert!(sheet.number.starts_with("JX26-"), "{}", sheet.number);
        let page = clerk.get(&format!("/visits/enter?code={}", sheet.number)).await;
        page.is(200).says(&["录入家庭联系结果", "联系日期", "家里的想法"]);
        assert!(!page.text.contains("约定哪天还"));
        let id = page.hidden("sheet");
        let right = [
            ("sheet", id.as_str()),
            ("came_by", "desk"),
            ("outcome", "no_answer"),
            ("filled_by", "班主任"),
        ];
        let kept = clerk.post("/visits/enter", &right).await;
        kept.is(303);
        let back = kept.header("location").to_owned();
        clerk.post(&back, &[("decision", "accept")]).await.is(303);
        let (state, tries): (String, i32) = read(&t, |db| {
            Ok(contact_duty::table
                .filter(contact_duty::file_id.eq(sheet.file_id))
                .select((contact_duty::state, contact_duty::tries))
                .first(db)?)
        });
        assert_eq!((state.as_str(), tries), ("open", 1), "a try without an answer counts as one");
    });
}

#[test]
fn a_family_that_is_overdue_gets_its_own_sheet_instead() {
    each(async |t| {
        run(&t);
        t.set_day("2026-12-21");
        let day = t.app.clock.today();
        zhuxue::jobs::close_day::run(&t.app, day).unwrap();
        zhuxue::jobs::follow_overdue::run(&t.app, day).unwrap();
        t.app
            .db
            .write("all to villages", |db| {
                diesel::update(contact_duty::table)
                    .set(contact_duty::assignee_kind.eq("village"))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let yearly = [("purpose", "yearly"), ("by", "village"), ("set", "1")];
        clerk.post("/visits/batches", &yearly).await.is(303);
        let overdue: Vec<i64> =
            read(&t, |db| Ok(overdue_case::table.select(overdue_case::file_id).load(db)?));
        assert!(!overdue.is_empty());
        let all = sheets(&t);
        assert!(!all.is_empty());
        assert!(all.iter().all(|(sheet, _)| !overdue.contains(&sheet.file_id.get())));
        let own = [("by", "village"), ("set", "1"), ("amounts", "1")];
        clerk.post("/visits/batches", &own).await.is(303);
        let both = sheets(&t);
        assert_eq!(both.len(), all.len() + overdue.len());

        // Papers of both kinds that do not come back are one line on the workbench.
        t.set_day("2027-02-01");
        zhuxue::jobs::chase_sheets::run(&t.app, t.app.clock.today()).unwrap();
        let title: String = read(&t, |db| {
            Ok(warning::table
                .filter(warning::kind.eq("sheets"))
                .select(warning::title)
                .first(db)?)
        });
        assert!(title.contains(&format!("{} 张", both.len())), "{title}");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/visits/sent?list=late").await.is(200).says(&["家庭联系，", "超期"]);
    });
}

#[test]
fn the_menu_counts_what_waits_to_be_looked_at() {
    planned(async |t| {
        let mut clerk = made(&t).await;
        let (_, code) = sheets(&t).remove(0);
        let mut phone = t.nobody();
        let good = [("outcome", "reached"), ("met", "parents"), ("filled_by", "王主任")];
        phone.upload(&format!("/r/{code}"), &good, &[]).await.is(303);
        t.app.note_change();
        let mut found = String::new();
        for _ in 0..1_200 {
            found = clerk.get("/visits/sent").await.text;
            if found.contains("走访表<span class=\"n\">1</span>") {
                break;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        assert!(found.contains("走访表<span class=\"n\">1</span>"), "the menu shows no count");
        let files: i64 = read(&t, |db| Ok(loan_file::table.count().get_result(db)?));
        assert!(files > 0);
    });
}
