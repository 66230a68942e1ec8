//! Whoever answers the telephone opens the loan file: it says what was promised, what was spoken,
//! how far the case is, what is known of each number, and what others have noted.

use zhuxue::book::staff::Role;

use super::{AFTER, act, contact, files, night};
use crate::borrower::town::{each, read};
use crate::support::TestApp;
use diesel::prelude::*;
use zhuxue::plumbing::schema::{loan_file, person_phone};

/// The first number of a student.
fn phone(t: &TestApp, file_no: &str) -> i64 {
    read(t, |db| {
        Ok(person_phone::table
            .inner_join(loan_file::table.on(loan_file::person_id.eq(person_phone::person_id)))
            .filter(loan_file::file_no.eq(file_no))
            .order(person_phone::id)
            .select(person_phone::id)
            .first(db)?)
    })
}

#[test]
fn what_was_promised_and_spoken_is_on_the_loan_file() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t)[0].clone();
        let mut clerk = t.sign_in(Role::Clerk);
        let here = format!("/loans/{no}");
        clerk.get(&here).await.is(200).says(&["联系与处置记录", "还没有联系记录"]);
        let whom = format!("phone:{}", phone(&t, &no));
        let mut form = contact("promised", &whom, "k1");
        form.extend([("promised_on", "2026-12-28"), ("promised", "100"), ("note", "发工资后还")]);
        act(&t, &mut clerk, (&no, "contacts"), &form).await.is(303);
        let page = clerk.get(&here).await;
        page.is(200).says(&[
            "约定 12月28日 还 100.00 元",
            "电话本人：接通，约定日期，12月28日 还 100.00 元",
            "发工资后还",
            "能打通",
            "短信电话",
        ]);
        assert!(page.text.contains("责任人"), "the case is a click away");
        assert!(!page.text.contains("还没有联系记录"));
    });
}

#[test]
fn a_note_on_the_file_is_added_once_and_stays() {
    each(async |t| {
        night(&t, AFTER);
        let no = files(&t)[0].clone();
        let here = format!("/loans/{no}");
        let mut auditor = t.sign_in(Role::Auditor);
        let to = format!("{here}/notes");
        auditor.post(&to, &[("note", "")]).await.is(422).says(&["请填写备注"]);
        let long = "长".repeat(401);
        auditor.post(&to, &[("note", &long)]).await.is(422).says(&["400 个字以内", &long]);
        auditor.post(&to, &[("note", "母亲说春节前回来"), ("key", "n1")]).await.is(303);
        auditor.post(&to, &[("note", "母亲说春节前回来"), ("key", "n1")]).await.is(303);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.post(&to, &[("note", "已转告村委会"), ("key", "n2")]).await.is(303);
        let page = clerk.get(&here).await;
        let text = &page.is(200).text;
        assert_eq!(text.matches("母亲说春节前回来").count(), 1);
        assert!(text.find("已转告村委会") < text.find("母亲说春节前回来"), "the newest first");
        clerk.get(&format!("{here}/history")).await.says(&["添加备注：母亲说春节前回来"]);
        t.sign_in(Role::Administrator).post(&to, &[("note", "x")]).await.is(403);
        clerk.post("/loans/LZ1999-0001/notes", &[("note", "x")]).await.is(404);
    });
}

#[test]
fn on_the_due_day_itself_the_file_says_what_is_due_today() {
    each(async |t| {
        t.set_day("2026-12-20");
        let page = t.sign_in(Role::Clerk).get("/loans/LZ2020-0001").await;
        page.is(200).says(&["<b>今天到期</b>，要还 ¥996.45", "今天 12月20日", "今天应还"]);
        assert!(!page.text.contains("下一次还款日"), "not the next year's");
    });
}
