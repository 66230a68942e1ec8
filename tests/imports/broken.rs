//! One contract whose account contradicts itself: the night, the comparison with the bank and the
//! next import of everybody else come to their end, the workbench names it until it is mended.

use diesel::prelude::*;
use zhuxue::base::ids::LoanId;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::book::{office, position, warning};
use zhuxue::imports::batch;
use zhuxue::life::reconcile;
use zhuxue::plumbing::schema::{loan, loan_file, loan_position};

use crate::borrower::town::{each, fill, read};
use crate::support::county::small_sheets;
use crate::support::{OFFICE, TestApp};

/// The first contract that the night of this day has to compute anew.
fn first_due(t: &TestApp, day: &str) -> (LoanId, String) {
    let day: chrono::NaiveDate = day.parse().unwrap();
    read(t, |db| {
        Ok(loan_position::table
            .inner_join(loan::table.on(loan::id.eq(loan_position::loan_id)))
            .filter(loan_position::changes_on.le(day))
            .order((loan_position::changes_on, loan_position::file_id))
            .select((loan::id, loan::contract_no))
            .first(db)?)
    })
}

/// A word that no version of the program writes, or the right one again.
fn set_due_day(t: &TestApp, id: LoanId, text: &str) {
    let sql = format!("UPDATE loan SET due_month_day = '{text}' WHERE id = {id}");
    t.app.db.write("damage", |db| Ok(diesel::sql_query(&sql).execute(db)?)).unwrap();
}

fn named(t: &TestApp) -> Vec<String> {
    let lines = read(t, |db| warning::of_kind(db, OFFICE, "uncomputable"));
    lines.into_iter().map(|line| line.key).collect()
}

fn night(t: &TestApp, day: &str) -> u64 {
    t.set_day(day);
    let day = day.parse().unwrap();
    let done = zhuxue::jobs::close_day::run(&t.app, day).unwrap().done;
    zhuxue::jobs::follow_overdue::run(&t.app, day).unwrap();
    done
}

/// The same sheets once more, by another clerk.
fn import_again(t: &TestApp) {
    let clerk = t.add_staff("second", "廖庆丽", Role::Clerk);
    let by = Actor { staff_id: Some(clerk.id), name: clerk.name, office_code: OFFICE.to_owned() };
    let (scope, on) = (Scope::of(OFFICE), Some("2026-10-31".parse().unwrap()));
    let sheets = small_sheets("clean_plain");
    let made = batch::receive_files(&t.app, &scope, &by, &sheets, on, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &made, |_| {}).unwrap();
    batch::post(&t.app, &scope, &made, |_| {}).unwrap();
}

#[test]
fn a_contract_that_cannot_be_computed_stops_nothing_else() {
    each(async |t| {
        let (broken, number) = first_due(&t, "2026-12-21");
        set_due_day(&t, broken, "13-45");
        assert!(night(&t, "2026-12-21") > 1, "the others are computed");
        let scope = Scope::of(OFFICE);
        let today = "2026-12-21".parse().unwrap();
        assert!(
            !read(&t, |db| position::is_any_due(db, &scope, today)),
            "the night came to its end"
        );
        assert_eq!(named(&t), [number.as_str()]);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.is(200).says(&[&format!("合同 {number} 的账目算不出来")]);
        // The reports name it and count the others.
        for page in ["/overdue", "/loans", "/visits", "/family-contacts"] {
            clerk.get(page).await.is(200);
        }
        for page in ["/reports/recovery", "/reports/december"] {
            clerk.get(page).await.is(200).says(&[&format!("合同 {number}（记录不完整）")]);
        }
        // The comparison and everybody else's import go on.
        reconcile::run::run(&t.app, &scope, |_| {}).unwrap();
        import_again(&t);
        assert_eq!(named(&t), [number.as_str()]);
        // Tried again each night, gone when it computes.
        night(&t, "2026-12-22");
        assert_eq!(named(&t), [number.as_str()]);
        set_due_day(&t, broken, "12-20");
        night(&t, "2026-12-23");
        assert_eq!(named(&t), Vec::<String>::new());
    });
}

/// A row of the append-only list without the amount that its kind needs.
#[test]
fn a_damaged_event_stops_nothing_but_its_own_contract() {
    each(async |t| {
        let (broken, number) = first_due(&t, "2026-12-21");
        let sql = format!(
            "INSERT INTO loan_event (id, office_code, loan_id, effective_on, kind, whole, source, \
             recorded_at, command_key) \
             SELECT 1, office_code, loan_id, effective_on, 'paid', whole, source, recorded_at, \
             'damaged' FROM loan_event WHERE loan_id = {broken} LIMIT 1"
        );
        t.app.db.write("damage", |db| Ok(diesel::sql_query(&sql).execute(db)?)).unwrap();
        assert!(night(&t, "2026-12-21") > 1, "the others are computed");
        assert_eq!(named(&t), [number.as_str()]);
        let mut clerk = t.sign_in(Role::Clerk);
        for page in ["/reports/recovery", "/reports/december", "/overdue", "/loans", "/visits"] {
            clerk.get(page).await.is(200);
        }
        reconcile::run::run(&t.app, &Scope::of(OFFICE), |_| {}).unwrap();
        import_again(&t);
        assert_eq!(named(&t), [number.as_str()]);
    });
}

/// 乐至 and 泸州 are both LZ: the same numbers, each in its own office.
#[test]
fn two_offices_with_the_same_letters_do_not_disturb_each_other() {
    each(async |t| {
        t.add_office("510500", "LZ", "泸州市学生资助管理中心");
        fill(&t, "510500");
        let numbers = |code: &str| -> Vec<String> {
            read(&t, |db| {
                Ok(loan_file::table
                    .filter(loan_file::office_code.eq(code))
                    .order(loan_file::file_no)
                    .select(loan_file::file_no)
                    .load(db)?)
            })
        };
        let (own, other) = (numbers(OFFICE), numbers("510500"));
        assert_eq!(own.len(), 60);
        assert_eq!(own, other);
        assert_eq!(read(&t, office::all).len(), 2);
        // Each sees its own family under the number.
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/loans/{}", own[0])).await.is(200);
    });
}
