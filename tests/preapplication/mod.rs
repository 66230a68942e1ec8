//! 预申请: the county reviews in one list, on both databases.

use calamine::{Data, Reader as _, Xlsx};
use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::plumbing::schema::preapplication;

use crate::borrower::town::{each, read};
use crate::support::county::small_sheets;
use crate::support::{Answer, Browser, OFFICE, TestApp};

mod school;
mod survey;
mod upload;

/// Two of the list as its page names them, as they are now.
fn two(t: &TestApp) -> Vec<String> {
    let of = preapplication::table.order(preapplication::id).limit(2);
    let of = of.select((preapplication::id, preapplication::version));
    let rows: Vec<(i64, i32)> = read(t, |db| Ok(of.load(db)?));
    rows.iter().map(|(id, version)| format!("{id}-{version}")).collect()
}

fn opinions(t: &TestApp) -> Vec<String> {
    let of = preapplication::table.order(preapplication::id).limit(2);
    read(t, |db| Ok(of.select(preapplication::county_opinion).load(db)?))
}

fn opinions_of(t: &TestApp, id: i64) -> String {
    let of = preapplication::table.filter(preapplication::id.eq(id));
    read(t, |db| Ok(of.select(preapplication::county_opinion).first(db)?))
}

fn by_whom(t: &TestApp) -> Vec<String> {
    let of = preapplication::table.order(preapplication::id).limit(2);
    read(t, |db| Ok(of.select(preapplication::decided_by).load(db)?))
}

async fn review(clerk: &mut Browser, key: &str, ids: &[String], more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("key", key)];
    fields.extend(ids.iter().map(|id| ("one", id.as_str())));
    fields.extend_from_slice(more);
    clerk.post("/pre-applications/review", &fields).await
}

#[test]
fn the_county_passes_refuses_and_takes_back_all_or_none() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/pre-applications").await.is(200).says(&["这里没有学生"]);
        clerk.get("/pre-applications?tab=passed").await.is(200).says(&["撤回审核"]);
        let ids = two(&t);
        let reopen = [("decision", "reopen")];
        review(&mut clerk, "1", &ids, &reopen).await.is(303);
        clerk.get("/home").await.says(&["名学生的预申请等审核"]);
        // The same form again changes nothing; another one finds them taken back.
        review(&mut clerk, "1", &ids, &reopen).await.is(303);
        review(&mut clerk, "2", &ids, &reopen).await.is(409).says(&["别人刚刚审核过"]);
        let before = ids;
        let ids = two(&t);

        let refuse = [("decision", "refuse"), ("reason", "")];
        review(&mut clerk, "3", &ids, &refuse).await.is(422).says(&["不通过要写一句"]);
        review(&mut clerk, "4", &[], &[("decision", "pass")]).await.is(422).says(&["还没有选人"]);
        let refuse = [("decision", "refuse"), ("reason", "不是本县户籍")];
        review(&mut clerk, "5", &ids[..1], &refuse).await.is(303);
        // One of the two is decided: none is passed.
        review(&mut clerk, "6", &ids, &[("decision", "pass")]).await.is(409);
        assert_eq!(opinions(&t), ["不通过：不是本县户籍", ""]);
        // Nor by a page of before somebody else's decision.
        review(&mut clerk, "old", &before[1..], &[("decision", "pass")]).await.is(409);
        review(&mut clerk, "7", &ids[1..], &[("decision", "pass")]).await.is(303);
        assert_eq!(opinions(&t), ["不通过：不是本县户籍", "通过"]);
        let refused = clerk.get("/pre-applications?tab=refused").await;
        refused.is(200).says(&["不是本县户籍", Role::Clerk.in_words(), "2026-10-31"]);
        clerk.get("/pre-applications.xlsx?tab=refused").await.is(200);

        let mut auditor = t.sign_in(Role::Auditor);
        auditor.get("/pre-applications").await.is(200);
        review(&mut auditor, "8", &ids, &reopen).await.is(403);
    });
}

#[test]
fn a_list_that_comes_again_without_the_countys_opinion_leaves_what_was_decided() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let ids = two(&t);
        review(&mut clerk, "1", &ids[..1], &[("decision", "reopen")]).await.is(303);
        let refuse = [("decision", "refuse"), ("reason", "不是本县户籍")];
        review(&mut clerk, "2", &two(&t)[..1], &refuse).await.is(303);
        let decided = (opinions(&t), by_whom(&t));
        assert_eq!(decided.1, [Role::Clerk.in_words().to_owned(), String::new()]);
        let sheet = small_sheets("clean_plain").into_iter().find(|one| one.name == "preapply.csv");
        let sheet = String::from_utf8(sheet.unwrap().bytes).unwrap();
        // The school has corrected its own opinion; the county's column is empty.
        let blank = sheet.replace("情况属实,通过", "已核实,").replace("情况属实,不通过", "已核实,");
        let sheet = Upload { name: "preapply.csv".to_owned(), bytes: blank.into_bytes() };
        let one = t.add_staff("importer2", "韦清越", Role::Clerk);
        let by = Actor { staff_id: Some(one.id), name: one.name, office_code: OFFICE.to_owned() };
        let scope = Scope::of(OFFICE);
        let made = batch::receive_files(&t.app, &scope, &by, &[sheet], None, Product::Cdb).unwrap();
        batch::check(&t.app, &scope, &made, |_| {}).unwrap();
        batch::post(&t.app, &scope, &made, |_| {}).unwrap();
        let school = read(&t, |db| {
            let all = preapplication::table.order(preapplication::id);
            Ok(all.select(preapplication::school_opinion).first::<String>(db)?)
        });
        assert_eq!(school, "已核实", "the list was taken");
        assert_eq!((opinions(&t), by_whom(&t)), decided);
    });
}

#[test]
fn parents_get_letters_and_the_lender_its_columns() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let nobody = clerk.get("/pre-applications/letters?tab=refused&year=2026").await;
        nobody.is(422).says(&["没有告知书可印"]);
        let of_year = preapplication::table.filter(preapplication::year.eq(2026));
        let of_year = of_year.order(preapplication::id).select((
            preapplication::id,
            preapplication::version,
            preapplication::person_id,
        ));
        let rows: Vec<(i64, i32, i64)> = read(&t, |db| Ok(of_year.load(db)?));
        let (first, version, _) = rows[0];
        let one = [format!("{first}-{version}")];
        review(&mut clerk, "1", &one, &[("decision", "reopen")]).await.is(303);
        let one = [format!("{first}-{}", version + 1)];
        let refuse = [("decision", "refuse"), ("reason", "户籍不在本县")];
        review(&mut clerk, "2", &one, &refuse).await.is(303);
        let letter = clerk.get("/pre-applications/letters?tab=refused&year=2026").await;
        letter.is(200).says(&["原因：</b>户籍不在本县。", "不影响考上大学以后申请助学贷款"]);
        let letters = clerk.get("/pre-applications/letters?tab=passed&year=2026").await;
        letters.is(200).says(&["预申请通过告知书", "学生身份证原件", "沿此线剪开"]);
        letters.says(&["今年的办理时间还没有定，定了另行通知"]);
        assert_eq!(letters.text.matches("<h1>").count(), rows.len() - 1);
        let log = t.sign_in(Role::Director).get("/audit").await;
        log.is(200).says(&["打印 2026 年预申请告知书"]);

        let mut auditor = t.sign_in(Role::Auditor);
        let year = [("year", "2026")];
        auditor.post("/pre-applications/bank-list", &year).await.is(403);
        let none = clerk.post("/pre-applications/bank-list", &[("year", "2031")]).await;
        none.is(422).says(&["还没有审核通过的"]);
        let answer = clerk.post("/pre-applications/bank-list", &year).await;
        answer.is(200);
        let bytes = std::io::Cursor::new(answer.bytes);
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(bytes).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let headings: Vec<String> = sheet.rows().next().unwrap().iter().map(cell).collect();
        let columns = t.app.policy().preapplication_columns(OFFICE, 2026).to_vec();
        assert_eq!(headings, columns.iter().map(|one| one.name.clone()).collect::<Vec<_>>());
        assert_eq!(sheet.rows().count(), rows.len(), "headings, and those who have passed");
        let numbers = || sheet.rows().skip(1).map(|row| cell(&row[1]));
        assert!(numbers().all(|number| number.len() == 18 && !number.contains('*')));
        let log = t.sign_in(Role::Director).get("/audit").await;
        log.is(200).says(&["含完整号码"]);
        let known = numbers().next().unwrap();
        assert!(!log.text.contains(&known), "a number in the history");
    });
}

fn cell(data: &Data) -> String {
    data.to_string()
}
