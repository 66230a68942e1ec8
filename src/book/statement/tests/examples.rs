//! Worked examples as tables: every row of rules.md 13 that is marked usable, and every example
//! of loan-maths.md. One line in, one line out.

use super::tables::{ONE_PLAN, add, has_rows, life, rows, run};
use super::*;

/// rules.md 13.2 (vectors D) and the example of loan-maths 3.
#[test]
fn eighty_thousand_in_one_plan() {
    let (terms, events) = life(ONE_PLAN);
    let found = run(&terms, &events, "2030-09-01");
    has_rows(
        &found,
        "2030-12-20 111 690.67 0.00 0.00 80000.00
         2031-12-20 365 2271.11 0.00 0.00 80000.00
         2032-12-20 366 2277.33 0.00 0.00 80000.00
         2035-12-20 365 2271.11 7272.73 0.00 72727.27
         2045-09-20 274 154.99 7272.70 0.00 0.00 upcoming",
    );
    assert_eq!(found.instalments.len(), 16);
    assert_eq!(found.instalments.iter().filter(|row| row.principal.is_positive()).count(), 11);
    let first = &found.instalments[0];
    assert_eq!(found.because(first), ["80000.00 x 2.80% x 111/360 = 690.67"]);
    assert_eq!(
        found.explain_zh(first, ""),
        ["利息 690.67 元：本金 80,000.00 元 × 年利率 2.80% × 111 天 ÷ 360"]
    );
    let principal = |at: usize| found.explain_zh(&found.instalments[at], "")[0].clone();
    assert_eq!(principal(5), "本金 7,272.73 元：80,000.00 元 ÷ 11 期（2035 年到 2045 年）");
    assert_eq!(principal(15), "本金 7,272.70 元：最后一期，还清余下的");
    assert_eq!(found.switches_of(first), ["self_pay_starts"]);
    assert!(found.switches_of(&found.instalments[1]).is_empty());
}

/// rules.md 13.1, E1-E4: CDB Liaoning's brochure of 2026, four loans of 20,000, read as one plan
/// (the brochure's E4 counts a whole last year; the true stub has 274 days).
#[test]
fn the_brochure_of_2026() {
    let (mut terms, events) = life(ONE_PLAN);
    terms.switches.self_pay_starts = SelfPayStarts::NextDay;
    let found = run(&terms, &events, "2030-09-01");
    has_rows(
        &found,
        "2030-12-20 110 684.44 0.00
         2031-12-20 365 2271.11 0.00
         2035-12-20 365 2271.11 7272.73
         2045-09-20 274 154.99 7272.70",
    );
    assert_eq!(found.switches_of(&found.instalments[0]), ["self_pay_starts"]);
}

/// rules.md 13.2: per contract, four of 20,000 give N = 1,818.18 and M = 1,818.20.
#[test]
fn one_of_four_contracts() {
    let (terms, events) = life("2026-08-20 20000.00 2026-11-15 2030-08-31 5 2045-09-20 2.80");
    has_rows(
        &run(&terms, &events, "2030-09-01"),
        "2035-12-20 365 567.78 1818.18
         2045-09-20 274 38.75 1818.20",
    );
}

/// rules.md 13.1, E5: repaid in full before the subsidy ends, the borrower pays no interest.
#[test]
fn repaid_before_the_subsidy_ends() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-08-20 prepaid all");
    let found = run(&terms, &events, "2031-01-01");
    assert_eq!(found.totals.borrower_interest, Fen::ZERO);
    assert_eq!(found.position.stage, Stage::Settled);
    assert_eq!(found.position.settled_on, Some(d("2030-08-20")));
    assert_eq!(found.position.changes_on, None);
    // The row shows the subsidy of the days it settles: 12-20 to 08-20.
    assert_eq!(rows(&found), ["2030-08-20 243 0.00 80000.00 1512.00 0.00 paid"]);
    assert_eq!(found.state_paid.last().map(|paid| paid.interest), Some(Fen::new(151_200)));
}

/// rules.md 13.1, E8 (110 days) and its 111-day variant: 8,000 at 4.0 %.
#[test]
fn eight_thousand_at_four_percent() {
    let (mut terms, events) = life("2020-08-20 8000.00 2020-11-15 2023-08-31 5 2026-09-20 4.00");
    has_rows(&run(&terms, &events, "2023-09-01"), "2023-12-20 111 98.67 0.00");
    has_rows(&run(&terms, &events, "2023-09-01"), "2026-09-20 274 243.56 8000.00");
    terms.switches.self_pay_starts = SelfPayStarts::NextDay;
    has_rows(&run(&terms, &events, "2023-09-01"), "2023-12-20 110 97.78 0.00");
}

/// rules.md 3.3: the message of 2016 with 543.90 yuan is 36,000 at 4.90 % for 111 days.
#[test]
fn the_reminder_of_2016() {
    let (terms, events) = life("2012-09-01 36000.00 2012-11-20 2016-08-31 2 2022-09-20 floating");
    has_rows(&run(&terms, &events, "2016-11-01"), "2016-12-20 111 543.90 0.00");
}

/// rules.md 13.1, E14 (day count): 10,000 at 4.3 %, 111 days.
#[test]
fn the_day_count_of_111_days() {
    let (terms, events) = life("2020-08-20 10000.00 2020-11-15 2023-08-31 5 2042-09-20 4.30");
    has_rows(&run(&terms, &events, "2023-09-01"), "2023-12-20 111 132.58 0.00");
}

/// rules.md 13.1, E20 and E21 (formula, /360): penalty of 2,500 for a day, of 6,000 for 30 days.
#[test]
fn the_penalty_formula() {
    for (principal, day, penalty) in
        [("2500.00", "2026-09-21", "0.44"), ("6000.00", "2026-10-20", "31.85")]
    {
        let line = format!("2019-08-20 {principal} 2019-11-15 2023-08-31 3 2026-09-20 4.90");
        let (mut terms, mut events) = life(&line);
        // Pay all interest and nothing else, so that the whole principal is overdue.
        let due = run(&terms, &events, "2026-09-20").totals.borrower_interest;
        events.push(Event::new(9, d("2026-09-20"), EventKind::Paid { amount: due }));
        terms.switches.allocation = Allocation::InterestPrincipalPenalty;
        let found = run(&terms, &events, day);
        assert_eq!(found.position.overdue_principal, principal.parse().unwrap());
        assert_eq!(found.position.overdue_interest, Fen::ZERO);
        assert_eq!(found.position.penalty, penalty.parse().unwrap(), "{principal}");
    }
}

/// rules.md 13.1, E22: graduates of 2014, grace 2: own interest from 2014-09-01, first
/// principal 2016-12-20. E23: a further degree never moves the final due day.
#[test]
fn graduates_of_2014() {
    let (terms, mut events) =
        life("2010-09-01 6000.00 2010-11-15 2014-08-31 2 2022-09-20 floating");
    let found = run(&terms, &events, "2014-09-01");
    assert_eq!(found.position.first_principal_on, d("2016-12-20"));
    assert_eq!(found.position.next_due_on, Some(d("2014-12-20")));
    has_rows(&found, "2014-12-20 111 121.18 0.00");
    has_rows(&found, "2016-12-20 366 399.55 857.14");
    add(&mut events, "2014-07-15 subsidy_end_moved 2016-08-31");
    let found = run(&terms, &events, "2014-09-01");
    assert_eq!(found.position.stage, Stage::InStudy);
    assert_eq!(found.instalments.last().map(|row| row.due_on), Some(d("2022-09-20")));
    has_rows(&found, "2018-12-20 365 398.46 1200.00\n2022-09-20 274 59.82 1200.00");
}

/// loan-maths 5 and rules.md 13.2: 7,272.73 due 2035-12-20, paid 2036-01-20: 31 days, 22.80; the
/// overdue interest bears nothing.
#[test]
fn penalty_on_overdue_principal_only() {
    let (terms, mut events) = life(ONE_PLAN);
    add(
        &mut events,
        "2030-12-20 paid 690.67
         2031-12-20 paid 2271.11
         2032-12-20 paid 2277.33
         2033-12-20 paid 2271.11
         2034-12-20 paid 2271.11",
    );
    let found = run(&terms, &events, "2036-01-20");
    assert_eq!(found.position.penalty, Fen::new(2_280));
    assert_eq!(found.position.overdue_principal, Fen::new(727_273));
    assert_eq!(found.position.overdue_interest, Fen::new(227_111));
    assert_eq!(found.position.days_overdue, 31);
    assert_eq!(found.position.changes_on, Some(d("2036-01-21")));
    let row = found.instalments.iter().find(|row| row.due_on == d("2035-12-20")).unwrap();
    assert_eq!(row.state, InstalmentState::Overdue);
    assert_eq!(found.because(row)[1], "7272.73 x 2.80% x 130% x 31/360 = 22.80");
    assert_eq!(
        found.explain_zh(row, "")[2],
        "罚息 22.80 元：逾期本金 7,272.73 元 × 2.80% × 130% × 31 天 ÷ 360"
    );
    add(&mut events, "2036-01-20 paid 9566.64");
    let found = run(&terms, &events, "2036-02-20");
    assert_eq!(found.position.penalty, Fen::ZERO);
    assert_eq!(found.position.principal_outstanding, Fen::new(7_272_727));
    let row = found.instalments.iter().find(|row| row.due_on == d("2035-12-20")).unwrap();
    assert_eq!((row.state, row.paid_penalty), (InstalmentState::Paid, Fen::new(2_280)));
    assert_eq!(row.settled_on, Some(d("2036-01-20")));
}

/// rules.md 13.2, waiver: in a waiver year the borrower owes principal only.
#[test]
fn a_waiver_year_and_its_penalty() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2035 interest_waived\n2030-12-20 paid 9781.33");
    let found = run(&terms, &events, "2036-01-20");
    has_rows(&found, "2035-12-20 365 0.00 7272.73 2271.11 72727.27 overdue");
    // 12-21 to 12-31 lie in the waived year: 11 days are the state's, 20 the borrower's.
    assert_eq!(found.totals.state_penalty, Fen::new(809));
    assert_eq!(found.position.penalty, Fen::new(1_471));
    assert_eq!(found.totals.waived_interest, Fen::new(227_111));
    let row = found.instalments.iter().find(|row| row.due_on == d("2035-12-20")).unwrap();
    assert_eq!(
        found.explain_zh(row, ""),
        [
            "本金 7,272.73 元：80,000.00 元 ÷ 11 期（2035 年到 2045 年）",
            "利息 2,271.11 元由国家付（2035 年到期的利息免除）：\
             本金 80,000.00 元 × 年利率 2.80% × 365 天 ÷ 360",
            "罚息 14.71 元：逾期本金 7,272.73 元 × 2.80% × 130% × 20 天 ÷ 360",
            "罚息 8.09 元由国家付（免息年度）：逾期本金 7,272.73 元 × 2.80% × 130% × 11 天 ÷ 360",
        ]
    );
    let before = run(&terms, &events, "2035-12-25").position;
    assert_eq!(before.penalty, Fen::ZERO);
    assert_eq!(before.changes_on, Some(d("2036-01-01")), "nothing grows in the waived year");
}

/// rules.md 13.2 and loan-maths 3: deferrals go to the next due day, in a row they add up; for a
/// year without principal or the final year they do nothing; a later cut spreads them.
#[test]
fn deferred_principal() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2034 principal_deferred\n2035 principal_deferred\n2036 principal_deferred");
    add(&mut events, "2045 principal_deferred");
    let found = run(&terms, &events, "2045-01-01");
    let principal = |found: &Statement, day: &str| -> String {
        let row = found.instalments.iter().find(|row| row.due_on == d(day));
        row.map_or("-".into(), |row| row.principal.to_yuan_text())
    };
    assert_eq!(principal(&found, "2035-12-20"), "0.00");
    assert_eq!(principal(&found, "2036-12-20"), "0.00");
    assert_eq!(principal(&found, "2037-12-20"), "21818.19");
    assert_eq!(principal(&found, "2038-12-20"), "7272.73");
    let why = |day: &str| -> String {
        let row = found.instalments.iter().find(|row| row.due_on == d(day)).unwrap();
        found.explain_zh(row, "")[0].clone()
    };
    assert_eq!(why("2036-12-20"), "本金 0.00 元：应还的 14,545.46 元经申请延期，并入下一期");
    assert_eq!(
        why("2037-12-20"),
        "本金 21,818.19 元：80,000.00 元 ÷ 11 期（2035 年到 2045 年） + 延期的 14,545.46 元"
    );
    assert_eq!(principal(&found, "2045-09-20"), "7272.70");
    add(&mut events, "2037-03-20 prepaid 8000.00");
    let found = run(&terms, &events, "2037-04-01");
    assert_eq!(principal(&found, "2037-12-20"), "8000.00", "72,000 over nine due days");
    let row = found.instalments.iter().find(|row| row.due_on == d("2037-12-20")).unwrap();
    assert_eq!(found.switches_of(row), ["recut_after_prepayment"]);
    let mut terms = terms;
    terms.switches.recut_after_prepayment = Recut::FromTheEnd;
    let found = run(&terms, &events, "2037-04-01");
    assert_eq!(principal(&found, "2037-12-20"), "21818.19");
    assert_eq!(principal(&found, "2044-12-20"), "6545.43", "the last due days fall away");
    assert_eq!(principal(&found, "2045-09-20"), "-");
}
