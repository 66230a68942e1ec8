//! 就学信息变更, from the form to the plan that another person approved, on both databases; and
//! what cannot be: two at once, a day after the final one, one's own approval.

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::FileId;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{loan, loan_event, loan_file, loan_position};

use crate::borrower::town::{each, read};
use crate::counter::review_of;
use crate::support::{Answer, Browser, TestApp};

/// A file of somebody who studies, the last day that the state pays, and the final day.
fn student(t: &TestApp) -> (String, FileId, NaiveDate, NaiveDate) {
    let of = loan::table
        .inner_join(loan_file::table)
        .inner_join(loan_position::table)
        .filter(loan_position::stage.eq("in_study"))
        .order((loan::file_id, loan::subsidy_ends_on.desc()))
        .select((loan_file::file_no, loan::file_id, loan::subsidy_ends_on, loan::final_due_on));
    read(t, |db| Ok(of.first(db)?))
}

fn events(t: &TestApp, file: FileId) -> Vec<(String, Option<NaiveDate>)> {
    let of = loan_event::table
        .inner_join(loan::table.on(loan::id.eq(loan_event::loan_id)))
        .filter(loan::file_id.eq(file))
        .filter(loan_event::command_key.like("study change %"))
        .select((loan_event::kind, loan_event::to_on));
    read(t, |db| Ok(of.load(db)?))
}

async fn register(clerk: &mut Browser, file_no: &str, fields: &[(&str, &str)]) -> Answer {
    let at = format!("/study-changes/new/{file_no}");
    let page = clerk.get(&at).await;
    let key = page.is(200).hidden("key");
    let mut all = vec![("key", key.as_str()), ("proof", "录取通知书"), ("note", "")];
    all.extend_from_slice(fields);
    clerk.post(&at, &all).await
}

async fn submit(clerk: &mut Browser, at: &str, signed_on: &str) -> Answer {
    let version = clerk.get(at).await.hidden("version");
    let signed = [("version", version.as_str()), ("step", "submit"), ("signed_by", "student")];
    let all = [&signed[..], &[("signed_on", signed_on)]].concat();
    clerk.post(at, &all).await
}

#[test]
fn further_study_moves_the_subsidy_once_another_person_has_agreed() {
    each(async |t| {
        let (file_no, file, ends_on, _) = student(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/loans/{file_no}")).await.is(200).says(&["就学变更"]);
        let today = t.app.clock.today().to_string();
        let to = ends_on.checked_add_months(chrono::Months::new(36)).unwrap().to_string();
        let typed = [
            ("kind", "advance"),
            ("happened_on", today.as_str()),
            ("ends_on", &to),
            ("university", "省师范大学"),
        ];
        let made = register(&mut clerk, &file_no, &typed).await;
        let at = made.is(303).header("location").to_owned();
        clerk.get(&at).await.is(200).says(&["变更前后的还款", "省师范大学", "升学"]);
        assert_eq!(events(&t, file), [], "nothing is recorded before it is approved");
        clerk.get(&format!("{at}/print")).await.is(200).says(&["第二联", "变更后"]);

        // One at a time; the page of the open one is shown.
        let again = clerk.get(&format!("/study-changes/new/{file_no}")).await;
        again.is(200).says(&["提交复核"]);
        let second = [typed[0], typed[1], typed[2], typed[3], ("key", "9"), ("proof", "无")];
        let second = clerk.post(&format!("/study-changes/new/{file_no}"), &second).await;
        second.is(422).says(&["还有一份变更没有办完"]);

        submit(&mut clerk, &at, "2099-01-01").await.is(422).says(&["签字日期不能晚于今天"]);
        submit(&mut clerk, &at, &today).await.is(303);
        clerk.get(&at).await.says(&["待复核", "别人同意以后才生效"]);
        clerk.get("/study-changes?tab=submitted").await.is(200).says(&[&file_no]);
        let twice = [("step", "submit"), ("signed_by", "student"), ("signed_on", &today)];
        clerk.post(&at, &[&twice[..], &[("version", "1")]].concat()).await.is(409);

        let review = review_of(&t, &at);
        let agree = [("version", "1"), ("decision", "approve"), ("reason", "")];
        clerk.post(&review, &agree).await.is(403);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let page = reviewer.get(&review).await;
        page.is(200).says(&["贴息截止日", "本人付的利息合计"]);
        let version = page.hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&review, &agree).await.is(303);

        let recorded = events(&t, file);
        assert!(!recorded.is_empty());
        let moved = ("subsidy_end_moved".to_owned(), to.parse().ok());
        assert!(recorded.iter().all(|one| *one == moved), "{recorded:?}");
        clerk.get(&at).await.is(200).says(&["已生效", "变更前后的还款"]);
        clerk.get(&format!("/loans/{file_no}")).await.says(&["省师范大学"]);
        clerk.get("/study-changes.xlsx?tab=approved").await.is(200);
    });
}

#[test]
fn a_transfer_that_ends_on_the_same_day_changes_the_file_alone() {
    each(async |t| {
        let (file_no, file, _, _) = student(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let today = t.app.clock.today().to_string();
        let typed = [
            ("kind", "transfer"),
            ("happened_on", today.as_str()),
            ("ends_on", ""),
            ("university", "市第二大学"),
        ];
        let made = register(&mut clerk, &file_no, &typed).await;
        let at = made.is(303).header("location").to_owned();
        // Whether a later year is waived is not known yet.
        clerk.get(&at).await.is(200).says(&["按没有免息政策计算"]);
        clerk.get(&format!("{at}/print")).await.is(200).says(&["按没有免息政策计算"]);
        submit(&mut clerk, &at, &today).await.is(303);
        let review = review_of(&t, &at);
        let mut reviewer = t.sign_in(Role::Reviewer);
        let version = reviewer.get(&review).await.says(&["按没有免息政策计算"]).hidden("version");
        let agree = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&review, &agree).await.is(303);
        assert_eq!(events(&t, file), []);
        clerk.get(&format!("/loans/{file_no}")).await.says(&["市第二大学"]);
    });
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_recorded() {
    each(async |t| {
        let (file_no, file, ends_on, final_due_on) = student(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let today = t.app.clock.today();
        let (now, end) = (today.to_string(), ends_on.to_string());
        let last = final_due_on.to_string();
        let later = today.checked_add_months(chrono::Months::new(13)).unwrap().to_string();
        let tries: [(&str, &str, &str, &str); 6] = [
            ("advance", &now, "", "请填新的贴息截止日"),
            ("advance", &now, &end, "新的要晚于它"),
            ("advance", &now, &last, "到期，继续读书不能改到期日"),
            ("advance", &later, "2040-08-31", "变更日期不能晚于"),
            ("quit", &now, "2040-08-31", "退学不用填"),
            ("nothing", &now, "", "请选是哪一种变更"),
        ];
        for (kind, on, ends, says) in tries {
            let typed =
                [("kind", kind), ("happened_on", on), ("ends_on", ends), ("university", "某大学")];
            register(&mut clerk, &file_no, &typed).await.is(422).says(&[says, "某大学"]);
        }
        let typed = [("kind", "quit"), ("happened_on", now.as_str()), ("university", "")];
        let at = register(&mut clerk, &file_no, &typed).await.is(303).header("location").to_owned();
        let version = clerk.get(&at).await.hidden("version");
        let give_up = [("version", version.as_str()), ("step", "withdraw"), ("reason", "")];
        clerk.post(&at, &give_up).await.is(422).says(&["请写一句为什么撤销"]);
        let give_up =
            [("version", version.as_str()), ("step", "withdraw"), ("reason", "家里说错了")];
        clerk.post(&at, &give_up).await.is(303);
        clerk.get(&at).await.says(&["已撤销", "家里说错了"]);
        clerk.get(&format!("{at}/edit")).await.is(422);
        assert_eq!(events(&t, file), []);
    });
}
