//! A period statement begins and ends with what the statement says, whatever the period, and its
//! rows add up in between.

use chrono::{Months, NaiveDate};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::file::wording::Names;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::{self, Statement};
use zhuxue::book::{file, loan, payments_known};
use zhuxue::life::closing::period::{self, Balance, Period, PeriodStatement, Row};

use super::{contracts, settled};
use crate::borrower::town::{each, read};
use crate::support::county::day;
use crate::support::{OFFICE, TestApp};

fn sum(rows: &[Row], part: fn(&Row) -> Fen) -> Fen {
    rows.iter().map(part).sum()
}

/// As its instalments say it, and not its totals.
fn from_instalments(of: &Statement) -> Balance {
    let due = || of.instalments.iter().filter(|row| row.due_on <= of.as_of);
    Balance {
        principal: of.position.principal_outstanding,
        interest: due().map(|row| row.interest - row.paid_interest).sum(),
        penalty: due().map(|row| row.penalty - row.paid_penalty).sum(),
        unapplied: of.position.unapplied,
    }
}

/// What the statements of the file say in the evening of a day.
fn on(t: &TestApp, all: &[file::Contract], day: NaiveDate) -> Balance {
    let (basis, mut total) = (t.app.basis(), Balance::default());
    for one in all {
        let terms = one.loan.terms().unwrap();
        let made = statement::statement(&terms, &one.events, &basis.rates, day).unwrap();
        let own = from_instalments(&made);
        total.principal += own.principal;
        total.interest += own.interest;
        total.penalty += own.penalty;
        total.unapplied += own.unapplied;
    }
    total
}

fn holds(t: &TestApp, all: &[file::Contract], period: Period, of: &PeriodStatement) {
    let name = format!("{} {period:?}", all[0].loan.contract_no);
    assert_eq!(of.opening, on(t, all, period.from.pred_opt().unwrap()), "{name}");
    assert_eq!(of.closing, on(t, all, period.to), "{name}");
    let part = |start: Fen, part: fn(&Row) -> Fen| start + sum(&of.rows, part);
    assert_eq!(part(of.opening.principal, |row| row.principal), of.closing.principal, "{name}");
    assert_eq!(part(of.opening.interest, |row| row.interest), of.closing.interest, "{name}");
    assert_eq!(part(of.opening.penalty, |row| row.penalty), of.closing.penalty, "{name}");
    let last = of.rows.last().map_or(of.opening.owed(), |row| row.owed);
    assert_eq!(last, of.closing.owed(), "{name}");
    let within = |day: NaiveDate| (period.from..=period.to).contains(&day);
    assert!(of.rows.iter().all(|row| within(row.on)), "{name}");
    let paid = all.iter().flat_map(|one| &one.rows).filter(|row| within(row.effective_on));
    if all.iter().all(|one| one.rows.iter().all(|row| row.kind != "reversed" && !row.whole)) {
        let is_money = ["paid", "compensated", "relieved"];
        let paid = paid.filter(|row| is_money.contains(&row.kind.as_str()));
        let money: Fen = paid.filter_map(|row| row.amount_fen).sum();
        let early = |row: &&Row| row.what.contains("提前还款");
        if !of.rows.iter().any(|row| early(&row)) {
            assert_eq!(sum(&of.rows, |row| row.money), money, "{name}");
        }
        assert!(of.rows.iter().all(|row| row.what != "更正"), "{name}: {:?}", of.rows);
    }
}

#[test]
fn both_ends_are_the_statements_and_the_rows_add_up() {
    each(async |t| {
        let (scope, today) = (Scope::of(OFFICE), t.app.clock.today());
        let mut files: Vec<_> = contracts(&t).into_iter().map(|one| one.0).collect();
        files.dedup();
        let (mut rows, mut with_money) = (0, 0);
        for (n, file) in files.iter().enumerate() {
            let (all, known) = read(&t, |db| {
                let known = payments_known::load(db, &scope)?;
                let loans = loan::chain(db, &scope, *file)?;
                let all = file::contracts(db, &scope, &t.app.basis(), (&known, loans), today)?;
                Ok((all, known))
            });
            let months = u32::try_from(n).unwrap() * 5 % 90;
            let middle = today.checked_sub_months(Months::new(months)).unwrap();
            let periods = [
                (day("2000-01-01"), today),
                (day("2025-12-20"), day("2025-12-20")),
                (day("2023-01-01"), day("2023-12-31")),
                (middle.checked_sub_months(Months::new(7)).unwrap(), middle),
            ];
            for (from, to) in periods {
                let period = Period { from, to };
                let basis = t.app.basis();
                let made = period::of(&all, (&basis, &known), period, &Names::new()).unwrap();
                holds(&t, &all, period, &made);
                rows += made.rows.len();
                with_money += made.rows.iter().filter(|row| row.money.is_positive()).count();
            }
        }
        assert!(rows > 500 && with_money > 100, "{rows} rows, {with_money} with money");
    });
}

#[test]
fn it_is_printed_and_taken_along_and_a_wrong_period_is_said() {
    each(async |t| {
        let of = settled(&t);
        let (file_no, contract) = (&of[0].1, &of[0].3);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/period-statements/{file_no}");
        clerk.get(&at).await.is(200).says(&["对账单", "期初余额", "期末余额", contract]);
        let whole = clerk.get(&format!("{at}?from=2005-01-01")).await;
        whole.is(200).says(&["放款", "还款", "期末余额", "¥0.00</b>", "银行数据截至"]);
        clerk.get(&format!("{at}/workbook?from=2005-01-01")).await.is(200);
        let wrong = [
            ("?from=2026-02-01&to=2026-01-01", "开始的日期晚于结束的日期"),
            ("?to=2099-01-01", "结束的日期不能晚于今天"),
            ("?from=x", "请写成 2026-10-31 这样"),
        ];
        for (query, says) in wrong {
            clerk.get(&format!("{at}{query}")).await.is(422).says(&[says]);
            clerk.get(&format!("{at}/workbook{query}")).await.is(422).says(&[says]);
        }
        clerk.get("/period-statements/XX1999-0001").await.is(404);
        t.nobody().get(&at).await.is(303);
    });
}
