//! 回收预测.

use diesel::prelude::*;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::loan_position;
use zhuxue::reports::contract_line::Report;
use zhuxue::reports::forecast::facts::Forecast;
use zhuxue::reports::forecast::rules::{self, Assumption, Due};

use super::sheet;
use crate::borrower::town::{self, each};
use crate::support::{OFFICE, TestApp};

fn sums(t: &TestApp, assumption: Assumption) -> (Vec<rules::Year>, usize) {
    let (basis, today) = (t.app.basis(), t.app.clock.today());
    let report = Forecast::new(Scope::of(OFFICE), &basis, today, assumption);
    let found = town::read(t, |db| report.compute(db));
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    let first = chrono::Datelike::year(&today);
    (rules::years(&found.lines, first), found.lines.len())
}

fn total(years: &[rules::Year]) -> Due {
    years.iter().fold(Due::default(), |mut sum, year| {
        sum.add(year.due);
        sum
    })
}

#[test]
fn this_year_asks_for_what_the_positions_say_and_later_years_for_no_more_than_is_owed() {
    each(async |t| {
        let (years, _) = sums(&t, Assumption::default());
        // Every contract has at most one due day between now and the end of the year.
        let next: Vec<(chrono::NaiveDate, Fen, Fen)> = town::read(&t, |db| {
            Ok(loan_position::table
                .filter(loan_position::next_due_on.is_not_null())
                .select((
                    loan_position::next_due_on.assume_not_null(),
                    loan_position::next_due_fen,
                    loan_position::outstanding_fen,
                ))
                .load(db)?)
        });
        let this_year = chrono::Datelike::year(&t.app.clock.today());
        let of_year = |on: &chrono::NaiveDate| chrono::Datelike::year(on) == this_year;
        let asked: Fen = next.iter().filter(|(on, ..)| of_year(on)).map(|(_, fen, _)| *fen).sum();
        assert!(asked.is_positive());
        assert_eq!(years[0].due.sum(), asked);
        let owed: Fen = next.iter().map(|(.., fen)| *fen).sum();
        assert!(total(&years).principal <= owed);
        assert_eq!(years.len(), 5);
    });
}

#[test]
fn a_waiver_moves_interest_to_the_state_and_a_higher_rate_adds_from_the_next_pricing_day_on() {
    each(async |t| {
        let (known, contracts) = sums(&t, Assumption::default());
        let (waived, _) = sums(&t, Assumption { waived: true, ..Assumption::default() });
        let (before, after) = (total(&known), total(&waived));
        assert_eq!(after.interest, Fen::ZERO);
        assert_eq!(after.principal, before.principal);
        // Each settlement rounds once; years times contracts at most.
        let moved = (after.state - before.state - before.interest).get().abs();
        assert!(moved <= i64::try_from(5 * contracts).unwrap(), "{moved} fen");
        let (higher, _) = sums(&t, Assumption { rate_change: 100, waived: false });
        assert_eq!(higher[0].due, known[0].due, "priced before");
        assert!(higher[1].due.interest > known[1].due.interest);
        assert_eq!(total(&higher).principal, before.principal);
    });
}

#[test]
fn the_page_its_lists_and_its_sheet_agree_and_a_wrong_rate_is_said() {
    each(async |t| {
        let (years, _) = sums(&t, Assumption::default());
        let first = years[0];
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/reports/forecast").await;
        page.is(200).says(&["回收预测", "还没有到的", &first.due.sum().to_page_text()]);
        assert!(!page.text.contains("相差"));
        let with = clerk.get("/reports/forecast?rate=0.5&waived=1").await;
        with.is(200).says(&["相差", "取消假设"]);
        let list = format!("/reports/forecast/rows?year={}&figure=sum", first.year);
        clerk.get(&list).await.is(200).says(&[&first.due.sum().to_page_text()]);
        clerk.get("/reports/forecast/rows?year=2099&figure=sum").await.is(404);
        clerk.get("/reports/forecast/rows?year=2026&figure=none").await.is(404);
        let wrong = clerk.get("/reports/forecast?rate=9").await;
        wrong.is(200).says(&["利率变动写成百分点"]);
        clerk.get("/reports/forecast.svg?rate=1").await.is(200);
        let answer = clerk.get("/reports/forecast.xlsx?rate=1").await;
        let table = sheet(answer.is(200), "回收预测");
        assert!(format!("{table:?}").contains("假设：到期本息"));
        t.sign_in(Role::Administrator).get("/reports/forecast").await.is(403);
    });
}
