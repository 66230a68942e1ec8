//! Showing one number in full: within the office, written down, not too often.

use diesel::prelude::*;

use crate::support::{OFFICE, TestApp, each};
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::{self, Actor, AuditEntry};
use zhuxue::book::staff::Role;
use zhuxue::desk::audit::AuditFilter;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::{loan, loan_file, person, person_phone};
use zhuxue::web::list::declare::List as _;

const ID_NUMBER: &str = "512022199901011235";
const PHONE: &str = "13812342741";
const ACCOUNT: &str = "6228480402564890018";

/// A person (1), a phone (2), a loan file (3) and a loan (4) of one office.
fn fill(t: &TestApp, office: &str, base: i64) {
    let now = t.app.clock.now_at();
    let today = t.app.clock.today();
    let seal = |field, text: &str| t.app.sealer.seal(field, text.as_bytes()).unwrap();
    let number = seal(Field::IdNumber, ID_NUMBER);
    let phone = seal(Field::Phone, PHONE);
    let account = seal(Field::Account, ACCOUNT);
    t.app
        .db
        .write("test", |db| {
            diesel::insert_into(person::table)
                .values((
                    person::id.eq(base + 1),
                    person::office_code.eq(office),
                    person::name.eq("林澄宇"),
                    person::name_key.eq("林澄宇"),
                    person::id_sealed.eq(&number),
                    person::id_index.eq(vec![1_u8]),
                    person::id_mask.eq("512***********1235"),
                    person::born_on.eq(today),
                    person::sex.eq("M"),
                    person::created_at.eq(now),
                    person::updated_at.eq(now),
                    person::version.eq(1),
                ))
                .execute(db)?;
            diesel::insert_into(person_phone::table)
                .values((
                    person_phone::id.eq(base + 2),
                    person_phone::office_code.eq(office),
                    person_phone::person_id.eq(base + 1),
                    person_phone::phone_sealed.eq(&phone),
                    person_phone::phone_index.eq(vec![2_u8]),
                    person_phone::phone_mask.eq("138****2741"),
                    person_phone::state.eq("on_file"),
                    person_phone::source.eq("test"),
                    person_phone::recorded_at.eq(now),
                ))
                .execute(db)?;
            diesel::insert_into(loan_file::table)
                .values((
                    loan_file::id.eq(base + 3),
                    loan_file::office_code.eq(office),
                    loan_file::file_no.eq(format!("LZ2015-{base:04}")),
                    loan_file::person_id.eq(base + 1),
                    loan_file::created_at.eq(now),
                    loan_file::updated_at.eq(now),
                    loan_file::version.eq(1),
                ))
                .execute(db)?;
            diesel::insert_into(loan::table)
                .values((
                    loan::id.eq(base + 4),
                    loan::office_code.eq(office),
                    loan::file_id.eq(base + 3),
                    loan::contract_no.eq("51202220150001"),
                    loan::product.eq("cdb"),
                    loan::loan_year.eq(2015),
                    loan::is_first.eq(true),
                    loan::level.eq("undergraduate"),
                    loan::principal_fen.eq(600_000_i64),
                    loan::signed_on.eq(today),
                    loan::subsidy_ends_on.eq(today),
                    loan::final_due_on.eq(today),
                    loan::grace_years.eq(3),
                    loan::due_month_day.eq("12-20"),
                    loan::penalty_percent.eq(130),
                    loan::day_count.eq("act_360"),
                    loan::account_sealed.eq(&account),
                    loan::account_mask.eq("6228***********0018"),
                    loan::created_at.eq(now),
                    loan::updated_at.eq(now),
                    loan::version.eq(1),
                ))
                .execute(db)?;
            Ok(())
        })
        .unwrap();
}

#[test]
fn each_kind_of_number_is_shown_and_written_down_without_it() {
    each(async |t| {
        fill(&t, OFFICE, 0);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.headers = vec![("HX-Request", "true".to_owned())];
        for (kind, id, number, mask) in [
            ("id_number", "1", ID_NUMBER, "512***********1235"),
            ("phone", "2", PHONE, "138****2741"),
            ("account", "4", ACCOUNT, "6228***********0018"),
        ] {
            let answer = clerk.post("/reveal", &[("kind", kind), ("id", id)]).await;
            assert_eq!(answer.text.contains("href=\"tel:"), kind == "phone", "a number to dial");
            answer.is(200).says(&[number, mask]);
            assert!(!answer.text.contains("<html"));
        }
        let scope = Scope::of(OFFICE);
        let lines = t.app.db.read(|db| AuditFilter::default().all(db, &scope, 9)).unwrap();
        let told: Vec<&str> = lines.iter().map(|line| line.summary.as_str()).collect();
        assert_eq!(
            told,
            ["查看了林澄宇的还款账户", "查看了林澄宇的手机号", "查看了林澄宇的身份证号"]
        );
        for line in &lines {
            assert_eq!(line.file_id.map(|id| id.get()), Some(3));
            assert_eq!(line.staff_id, clerk.staff_id);
            // Only what is told: an identity is made of digits, too.
            let all = format!("{} {} {}", line.subject, line.summary, line.reason);
            assert!(
                !all.contains("2741") && !all.contains("1235") && !all.contains("0018"),
                "{all}"
            );
        }
    });
}

#[test]
fn without_script_a_page_shows_it_for_a_minute() {
    each(async |t| {
        fill(&t, OFFICE, 0);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.headers = vec![("Referer", "http://127.0.0.1:8080/loans/LZ2015-0000".to_owned())];
        let answer = clerk.post("/reveal", &[("kind", "phone"), ("id", "2")]).await;
        answer.is(200).says(&[PHONE, "<html"]);
        assert_eq!(answer.header("refresh"), "60; url=/loans/LZ2015-0000");
    });
}

#[test]
fn another_office_and_an_administrator_see_nothing() {
    each(async |t| {
        t.add_office("512023", "AY", "安岳县学生资助管理中心");
        fill(&t, "512023", 100);
        let mut clerk = t.sign_in(Role::Clerk);
        for (kind, id) in [("id_number", "101"), ("phone", "102"), ("account", "104")] {
            let answer = clerk.post("/reveal", &[("kind", kind), ("id", id)]).await;
            answer.is(404);
        }
        clerk.post("/reveal", &[("kind", "password"), ("id", "101")]).await.is(422);
        let scope = Scope::of("512023");
        let lines = t.app.db.read(|db| AuditFilter::default().all(db, &scope, 9)).unwrap();
        assert!(lines.is_empty());
        let mut admin = t.sign_in(Role::Administrator);
        admin.post("/reveal", &[("kind", "phone"), ("id", "102")]).await.is(403);
    });
}

#[test]
fn many_looks_need_a_reason_and_too_many_are_refused() {
    each(async |t| {
        fill(&t, OFFICE, 0);
        let mut clerk = t.sign_in(Role::Clerk);
        let staff_id = clerk.staff_id;
        let looks = |count: usize| {
            let by = Actor { staff_id, name: "经办".to_owned(), office_code: OFFICE.to_owned() };
            let now = t.app.clock.now_at();
            let note = || AuditEntry { action: "revealed", ..AuditEntry::default() };
            let many: Vec<(i64, AuditEntry)> =
                (0..count).map(|_| (t.app.next_id(), note())).collect();
            t.app.db.write("test", |db| audit_log::append_all(db, &by, now, many.clone())).unwrap();
        };
        looks(60);
        let plain = [("kind", "phone"), ("id", "2")];
        let answer = clerk.post("/reveal", &plain).await;
        answer.is(422).says(&["再看请写明原因"]);
        assert!(!answer.text.contains(PHONE));
        let short = [("kind", "phone"), ("id", "2"), ("reason", "打电话")];
        clerk.post("/reveal", &short).await.is(422).says(&["value=\"打电话\""]);
        let reasoned = [("kind", "phone"), ("id", "2"), ("reason", "走访前逐户打电话")];
        clerk.post("/reveal", &reasoned).await.is(200).says(&[PHONE]);
        looks(240);
        let answer = clerk.post("/reveal", &reasoned).await;
        answer.is(422).says(&["已查看 300 个号码"]);
        assert!(!answer.text.contains(PHONE));
        let scope = Scope::of(OFFICE);
        let lines = t.app.db.read(|db| AuditFilter::default().all(db, &scope, 1)).unwrap();
        assert_eq!(lines[0].action, "reveal_refused");
        t.set_day("2026-11-01");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.post("/reveal", &plain).await.is(200);
    });
}
