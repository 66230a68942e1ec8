//! 重新定价: the rate of 12-21 before and after a new LPR, and its effect.

use chrono::NaiveDate;
use zhuxue::base::money::Fen;
use zhuxue::base::rate::RatePpm;
use zhuxue::base::scope::Scope;
use zhuxue::book::position::Basis;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::RateSeries;
use zhuxue::reports::contract_line::Report;
use zhuxue::reports::rate_day::facts::RateDay;
use zhuxue::reports::rate_day::rules::{self, Line};

use super::sheet;
use crate::borrower::town::{self, each};
use crate::support::county::day;
use crate::support::{OFFICE, TestApp};

fn lines(t: &TestApp, basis: &Basis) -> Vec<Line> {
    lines_on(t, basis, t.app.clock.today())
}

fn lines_on(t: &TestApp, basis: &Basis, today: NaiveDate) -> Vec<Line> {
    let report = RateDay::new(Scope::of(OFFICE), basis, today);
    let found = town::read(t, |db| report.compute(db));
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    found.lines
}

/// The table of rates with one more publication.
fn with_lpr(t: &TestApp, on: &str, percent: &str) -> Basis {
    let mut basis = t.app.basis();
    let mut values = basis.rates.lpr().values().to_vec();
    values.push((on.parse::<NaiveDate>().unwrap(), percent.parse::<RatePpm>().unwrap()));
    basis.rates = std::sync::Arc::new(basis.rates.with_lpr(RateSeries::new(values)));
    basis
}

#[test]
fn a_lower_lpr_lowers_the_rate_of_december_and_the_interest_of_the_year_that_follows() {
    each(async |t| {
        // Both 3.50: 2.80 % stays (rules.md 3.2).
        let same = lines(&t, &t.app.basis());
        let (groups, all) = rules::groups(&same);
        assert!(groups.contains_key(&("cdb", 28_000, 28_000)), "{groups:?}");
        assert_eq!(all.before, all.after);
        assert!(all.after.borrower.is_positive() && all.after.state.is_positive());
        let new = with_lpr(&t, "2026-11-20", "3.40");
        // Not before it is published.
        let (_, early) = rules::groups(&lines(&t, &new));
        assert_eq!(early.after, early.before);
        let lower = lines_on(&t, &new, day("2026-11-20"));
        let (groups, all) = rules::groups(&lower);
        assert!(groups.contains_key(&("cdb", 28_000, 27_000)), "{groups:?}");
        assert!(all.after.borrower < all.before.borrower);
        assert!(all.after.state < all.before.state);
        // The LPR of 12-22 comes too late for 12-21.
        let late = lines_on(&t, &with_lpr(&t, "2026-12-22", "3.40"), day("2026-12-22"));
        let (_, late) = rules::groups(&late);
        assert_eq!(late.after.borrower, late.before.borrower);
        let own: Fen = lower.iter().map(|line| line.principal).sum();
        assert_eq!(all.principal, own);
    });
}

#[test]
fn the_page_says_what_is_missing_and_its_rows_and_sheet_agree() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/reports/rate-day").await;
        page.is(200).says(&["2026-12-21 重新定价", "还没有到", "2.80%", "LPR 尚未录入"]);
        let (groups, _) = rules::groups(&lines(&t, &t.app.basis()));
        let sum = groups[&("cdb", 28_000, 28_000)];
        let rows = "/reports/rate-day/rows?product=cdb&old=28000&new=28000";
        clerk.get(rows).await.is(200).says(&[&sum.principal.to_page_text()]);
        clerk.get("/reports/rate-day/rows?product=cdb&old=x&new=1").await.is(404);
        let book = clerk.get("/reports/rate-day.xlsx").await;
        let table = format!("{:?}", sheet(book.is(200), "重新定价"));
        assert!(table.contains("制表人：") && table.contains("LPR 3.50%"), "{table}");
        t.sign_in(Role::Administrator).get("/reports/rate-day").await.is(403);
    });
}
