//! A promise is judged by what was booked since it was made, and only when the bank has told of the
//! promised day.

use diesel::prelude::*;
use zhuxue::base::dates::day_in;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::position;
use zhuxue::book::staff::Role;
use zhuxue::life::overdue::kinds::State;
use zhuxue::plumbing::schema::{overdue_step, payments_known};

use super::{AFTER, act, case, contact, files, night, pay, pay_most};
use crate::borrower::town::{each, read};
use crate::support::{OFFICE, TestApp};

/// Kind and reason of the newest step of such a kind.
fn steps(t: &TestApp, file_no: &str, of: &str) -> Vec<String> {
    let id = case(t, file_no).id;
    read(t, |db| {
        Ok(overdue_step::table
            .filter(overdue_step::case_id.eq(id))
            .filter(overdue_step::kind.eq(of))
            .order(overdue_step::id)
            .select(overdue_step::reason)
            .load(db)?)
    })
}

async fn promise(t: &TestApp, no: &str, sum: &str) {
    let mut clerk = t.sign_in(Role::Clerk);
    let key = format!("p{sum}{no}");
    let mut form = contact("promised", "student", &key);
    form.extend([("promised_on", "2026-12-28"), ("promised", sum)]);
    act(t, &mut clerk, (no, "contacts"), &form).await.is(303);
}

/// All payments are known up to this day.
fn bank_tells_until(t: &TestApp, day: &str) {
    let (scope, today) = (Scope::of(OFFICE), t.app.clock.today());
    let day: chrono::NaiveDate = day.parse().unwrap();
    t.app
        .db
        .write("test", |db| {
            diesel::update(payments_known::table.filter(payments_known::source.eq("declaration")))
                .set(payments_known::known_until.eq(day))
                .execute(db)?;
            position::outdate(db, &scope, today, today)
        })
        .unwrap();
}

#[test]
fn a_promise_of_part_of_the_arrears_is_kept_by_that_part() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let [kept_one, short, silent] = [&all[0], &all[1], &all[2]].map(String::as_str);
        for no in [kept_one, short, silent] {
            promise(&t, no, "100").await;
        }
        // On the promised day itself, and a day too late.
        pay_most(&t, kept_one, "2026-12-23", Fen::new(4_000));
        pay_most(&t, short, "2026-12-24", Fen::new(3_000));
        pay_most(&t, kept_one, "2026-12-28", Fen::new(6_000));
        pay_most(&t, short, "2026-12-29", Fen::new(7_000));
        night(&t, "2026-12-29");

        let one = case(&t, kept_one);
        assert_eq!((one.state, one.broken_promises, one.promised_on), (State::Open, 0, None));
        assert_eq!(one.next_on, day_in(2026, 12, 29), "the case goes on with what is left");
        assert_eq!(steps(&t, kept_one, "promise_kept").len(), 1);
        assert_eq!(steps(&t, kept_one, "promise_broken").len(), 0);
        let said = &steps(&t, kept_one, "promise_kept")[0];
        assert!(said.contains("到账 100.00 元"), "{said}");

        let one = case(&t, short);
        assert_eq!((one.broken_promises, one.promised_on), (1, None));
        let said = &steps(&t, short, "promise_broken")[0];
        assert!(said.contains("100.00 元") && said.contains("到账 30.00 元"), "{said}");
        let said = &steps(&t, silent, "promise_broken")[0];
        assert!(said.contains("没有到账"), "{said}");
        night(&t, "2026-12-30");
        assert_eq!(case(&t, short).broken_promises, 1, "once");
    });
}

#[test]
fn nothing_is_decided_before_the_bank_has_told_of_the_promised_day() {
    each(async |t| {
        night(&t, AFTER);
        let all = files(&t);
        let (no, late) = (all[0].as_str(), all[1].as_str());
        promise(&t, no, "100").await;
        promise(&t, late, "100").await;
        bank_tells_until(&t, "2026-12-26");
        night(&t, "2026-12-30");
        let one = case(&t, no);
        assert_eq!((one.broken_promises, one.promised_on), (0, Some(day_in(2026, 12, 28))));
        let points = one.weight;
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&format!("/overdue/{no}")).await;
        let unknown = "银行数据还没有到这一天，不知道有没有到账";
        page.is(200).says(&["约定 12月28日 还", unknown]);
        assert!(!page.text.contains("约定过没有还上"));
        clerk.get("/overdue").await.is(200);
        assert_eq!(steps(&t, no, "promise_broken").len(), 0, "nor by looking at the list");

        bank_tells_until(&t, "2026-12-30");
        pay(&t, late, "2026-12-30");
        let said = steps(&t, late, "promise_broken");
        assert_eq!(said.len(), 1, "paid, but not by the promised day");
        night(&t, "2026-12-30");
        let one = case(&t, no);
        assert_eq!((one.broken_promises, one.promised_on), (1, None));
        assert!(one.weight > points);
    });
}
