//! 预申请: the county reviews in one list, on both databases.

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

/// Two whose review is taken back.
fn two(t: &TestApp) -> Vec<String> {
    let of = preapplication::table.order(preapplication::id).select(preapplication::id).limit(2);
    let ids: Vec<i64> = read(t, |db| Ok(of.load(db)?));
    ids.iter().map(ToString::to_string).collect()
}

fn opinions(t: &TestApp) -> Vec<String> {
    let of = preapplication::table.order(preapplication::id).limit(2);
    read(t, |db| Ok(of.select(preapplication::county_opinion).load(db)?))
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

        let refuse = [("decision", "refuse"), ("reason", "")];
        review(&mut clerk, "3", &ids, &refuse).await.is(422).says(&["不通过要写一句"]);
        review(&mut clerk, "4", &[], &[("decision", "pass")]).await.is(422).says(&["还没有选人"]);
        let refuse = [("decision", "refuse"), ("reason", "不是本县户籍")];
        review(&mut clerk, "5", &ids[..1], &refuse).await.is(303);
        // One of the two is decided: none is passed.
        review(&mut clerk, "6", &ids, &[("decision", "pass")]).await.is(409);
        assert_eq!(opinions(&t), ["不通过：不是本县户籍", ""]);
        review(&mut clerk, "7", &ids[1..], &[("decision", "pass")]).await.is(303);
        assert_eq!(opinions(&t), ["不通过：不是本县户籍", "通过"]);
        clerk.get("/pre-applications?tab=refused").await.is(200).says(&["不是本县户籍"]);

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
        review(&mut clerk, "2", &ids[..1], &refuse).await.is(303);
        let decided = opinions(&t);
        let sheet = small_sheets("clean_plain").into_iter().find(|one| one.name == "preapply.csv");
        let sheet = String::from_utf8(sheet.unwrap().bytes).unwrap();
        // The school has corrected its own opinion; the county's column is empty.
        let blank = sheet.replace("情况属实,通过", "已核实,");
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
        assert_eq!(opinions(&t), decided);
    });
}
