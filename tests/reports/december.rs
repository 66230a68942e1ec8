//! 12月还款进度.

use super::sheet;
use crate::borrower::town::{self, each};
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::reports::contract_line::Report;
use zhuxue::reports::december::{facts, rules};
use zhuxue::reports::recovery;

#[test]
fn before_december_it_says_what_will_be_due() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        let page = browser.get("/reports/december").await;
        page.is(200).says(&["2026年12月还款进度", "12月还没有到", "应还人数"]);
        browser.get("/reports/december?year=2099").await.is(200).says(&["2026年12月还款进度"]);
        t.sign_in(Role::Administrator).get("/reports/december").await.is(403);
    });
}

#[test]
fn a_past_december_ends_where_the_recovery_report_of_its_last_day_stands() {
    each(async |t| {
        let (scope, last) = (Scope::of(crate::support::OFFICE), "2025-12-31".parse().unwrap());
        let (found, report) = town::read(&t, |db| {
            let basis = &t.app.basis();
            Ok((
                facts::December { scope: scope.clone(), basis: basis.clone(), year: 2025, last }
                    .compute(db)?,
                recovery::facts::Recovery { scope: scope.clone(), basis: basis.clone(), day: last }
                    .compute(db)?,
            ))
        });
        let smallest_arrears = t.app.policy().smallest_arrears();
        let book = rules::Book { lines: &found.lines, smallest_arrears };
        let days = rules::days(book, "2025-12-01".parse().unwrap(), last);
        assert_eq!(days.len(), 31);
        let end = days.last().unwrap();
        let (_, year) = recovery::rules::groups(&report.lines, recovery::rules::GroupBy::DueYear)
            .into_iter()
            .find(|(year, _)| year == "2025")
            .unwrap();
        assert_eq!(end.sums.due_principal, year.sums.due_principal);
        assert_eq!(end.sums.paid_principal, year.sums.paid_principal);
        assert_eq!(end.sums.due_interest, year.sums.due_interest);
        assert_eq!(end.sums.paid_interest, year.sums.paid_interest);
        let first = days.first().unwrap().sums.paid();
        let changes: zhuxue::base::money::Fen = days.iter().filter_map(|day| day.change).sum();
        assert_eq!(first + changes, end.sums.paid());
        assert!(end.sums.paid().is_positive() && end.sums.paid() > first);
        let mut browser = t.sign_in(Role::Clerk);
        let page = browser.get("/reports/december?year=2025").await;
        page.is(200).says(&["2025-12-20", "2025-12-31", "比前一天"]);
        let list = browser.get("/reports/december/rows?on=2025-12-31&figure=paid").await;
        list.is(200).says(&["2025年12月这一期，到 2025-12-31", &end.sums.paid().to_page_text()]);
        browser.get("/reports/december/rows?on=2025-12-31&figure=none").await.is(404);
        browser.get("/reports/december/rows?on=2099-12-31&figure=paid").await.is(404);
        let answer = browser.get("/reports/december.xlsx?year=2025").await;
        let table = sheet(answer.is(200), "12月还款进度");
        assert_eq!(
            table.len(),
            36,
            "title, how far the bank's data go, headings, 31 days, the foot"
        );
        assert_eq!(table[33][5], end.sums.paid_principal.to_yuan_text());
    });
}
