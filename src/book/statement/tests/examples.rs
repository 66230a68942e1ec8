//! Worked examples as tables: every row of rules.md 13 that is marked usable, and every example
//! of loan-maths.md. One line in, one line out.

use super::*;
use crate::book::rate::RatePpm;

/// A contract in one line: `signed level principal disbursed subsidy_end grace final pricing`.
fn life(line: &str) -> (Terms, Vec<Event>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let signed_on = d(words[0]);
    let policy = Policy::embedded().unwrap();
    let pricing = match words[6] {
        "floating" => Pricing::Floating,
        percent => Pricing::Fixed(percent.parse().unwrap()),
    };
    let terms = Terms {
        contract_no: "X".into(),
        signed_on,
        level: StudyLevel::Undergraduate,
        subsidy_ends_on: d(words[3]),
        grace_years: words[4].parse().unwrap(),
        due_day: MonthDay::DECEMBER_20,
        final_due_on: d(words[5]),
        pricing,
        penalty_ppm: 1_300_000,
        day_count: DayCount::Act360,
        switches: policy.switches(signed_on),
    };
    let amount = words[1].parse().unwrap();
    (terms, vec![Event::new(0, d(words[2]), EventKind::Disbursed { amount })])
}

/// The events of a table: `day kind value`, years as `2031 interest_waived`.
fn add(events: &mut Vec<Event>, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let money = || words[2].parse::<Fen>().unwrap();
        let kind = match words[1] {
            "disbursed" => EventKind::Disbursed { amount: money() },
            "paid" => EventKind::Paid { amount: money() },
            "prepaid" if words[2] == "all" => EventKind::Prepaid { principal: None },
            "prepaid" => EventKind::Prepaid { principal: Some(money()) },
            "compensated" => EventKind::Compensated { amount: money() },
            "relieved" => EventKind::Relieved { amount: money() },
            "interest_waived" => EventKind::InterestWaived,
            "principal_deferred" => EventKind::PrincipalDeferred,
            "study_ended_early" => EventKind::StudyEndedEarly,
            "subsidy_end_moved" => EventKind::SubsidyEndMoved {
                to: d(words[2]),
                from: words.get(3).map(|word| d(word)),
            },
            "plan_set" => {
                EventKind::PlanSet { equal_amount: money(), first_year: words[3].parse().unwrap() }
            }
            "rate_set" => EventKind::RateSet { rate: words[2].parse().unwrap() },
            other => panic!("{other}"),
        };
        let id = i64::try_from(events.len()).unwrap();
        events.push(match words[0].parse::<i32>() {
            Ok(year) => Event::of_year(id, year, kind),
            Err(_) => Event::new(id, d(words[0]), kind),
        });
    }
}

fn rates() -> std::sync::Arc<RateTables> {
    Policy::embedded().unwrap().rates()
}

fn run(terms: &Terms, events: &[Event], as_of: &str) -> Statement {
    let found = statement(terms, events, &rates(), d(as_of)).unwrap();
    assert_eq!(found.broken_invariant(), None);
    found
}

/// Rows as `due_on days interest principal paid_by_state balance state`.
fn rows(statement: &Statement) -> Vec<String> {
    let line = |row: &Instalment| {
        format!(
            "{} {} {} {} {} {} {}",
            row.due_on,
            row.days,
            row.interest,
            row.principal,
            row.paid_by_state(),
            row.balance_after,
            row.state.as_text()
        )
    };
    statement.instalments.iter().map(line).collect()
}

/// Checks that each expected row begins one of the statement's rows.
fn has_rows(statement: &Statement, expected: &str) {
    let found = rows(statement);
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(found.iter().any(|row| row.starts_with(line)), "{line} in {found:#?}");
    }
}

const ONE_PLAN: &str = "2026-08-20 80000.00 2026-11-15 2030-08-31 5 2045-09-20 2.80";

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
        found.explain_zh(first),
        ["本金 80,000.00 元 × 年利率 2.80% × 111 天 ÷ 360 = 690.67 元"]
    );
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
        let asked = run(&terms, &events, "2026-09-20").totals.borrower_interest;
        events.push(Event::new(9, d("2026-09-20"), EventKind::Paid { amount: asked }));
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
        found.explain_zh(row)[1],
        "逾期本金 7,272.73 元 × 2.80% × 130% × 31 天 ÷ 360 = 22.80 元"
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
        found.explain_zh(row)[1..],
        [
            "2035 年到期的利息免除，由国家支付 2,271.11 元",
            "逾期本金 7,272.73 元 × 2.80% × 130% × 20 天 ÷ 360 = 14.71 元",
            "逾期本金 7,272.73 元 × 2.80% × 130% × 11 天 ÷ 360 = 8.09 元（免息年度，由国家承担）",
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

/// Money early, on time, too much; the position before and after a due day.
#[test]
fn unapplied_money_is_used_on_the_due_day() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-01 paid 700.00");
    let before = run(&terms, &events, "2030-12-19").position;
    assert_eq!((before.unapplied, before.next_due_amount), (Fen::new(70_000), Fen::new(69_067)));
    assert_eq!(before.changes_on, Some(d("2030-12-20")));
    assert_eq!(before.stage, Stage::Grace);
    let after = run(&terms, &events, "2030-12-20").position;
    assert_eq!(after.unapplied, Fen::new(933));
    assert_eq!(after.next_due_on, Some(d("2031-12-20")));
    assert_eq!(after.oldest_unpaid_due_on, None);
    let unpaid = run(&terms, &events, "2031-12-20").position;
    assert_eq!(unpaid.due_today, Fen::new(227_111 - 933));
    assert_eq!(unpaid.overdue_interest, Fen::ZERO, "due, not overdue");
    assert_eq!(unpaid.oldest_unpaid_due_on, Some(d("2031-12-20")));
    assert_eq!((unpaid.days_overdue, unpaid.changes_on), (0, Some(d("2031-12-21"))));
    let late = run(&terms, &events, "2031-12-21").position;
    assert_eq!((late.days_overdue, late.overdue_interest), (1, Fen::new(226_178)));
    assert_eq!(late.penalty, Fen::ZERO);
    assert_eq!(late.changes_on, Some(d("2032-12-20")), "overdue interest bears nothing");
}

/// Compensation: during study principal only; later what is due, accrued interest, principal;
/// more than the debt belongs to the student; too little interest is due on that day.
#[test]
fn compensation_and_relief() {
    let line = "2026-08-20 20000.00 2026-11-15 2030-08-31 5 2045-09-20 2.80";
    let (terms, mut events) = life(line);
    add(&mut events, "2029-06-20 compensated 21000.00");
    let found = run(&terms, &events, "2029-06-20");
    assert_eq!(rows(&found), ["2029-06-20 182 0.00 20000.00 283.11 0.00 paid"]);
    assert_eq!(found.position.surplus, Fen::new(100_000));
    assert_eq!(found.totals.principal_by_compensation, Fen::new(2_000_000));
    let (terms, mut events) = life(line);
    add(&mut events, "2031-06-20 compensated 100.00\n2030-12-20 paid 172.67");
    let found = run(&terms, &events, "2031-06-21");
    has_rows(&found, "2031-06-20 182 283.11 0.00 0.00 20000.00 overdue");
    assert_eq!(found.position.overdue_interest, Fen::new(18_311));
    let (terms, mut events) = life(line);
    add(&mut events, "2036-06-20 relieved 5000.00\n2030-12-20 paid 5000.00");
    let found = run(&terms, &events, "2036-06-20");
    // Oldest first: what 2035-12-20 asked for, its penalty, the interest accrued, principal.
    assert_eq!(found.position.overdue_principal, Fen::ZERO);
    assert!(found.totals.principal_by_relief.is_positive());
    assert_eq!(found.position.surplus, Fen::ZERO);
    assert_eq!(found.totals.money_granted, Fen::new(500_000));
}

/// Further study: the whole life is computed anew; money paid for days that are now the state's
/// is unapplied from its own payment day on. A gap named by `from` is the borrower's.
#[test]
fn further_study_frees_money_and_a_gap_does_not() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-18 paid 690.67\n2031-03-01 subsidy_end_moved 2033-08-31");
    let known = run(&terms, &events, "2031-02-28").position;
    assert_eq!((known.stage, known.unapplied), (Stage::Grace, Fen::ZERO));
    let moved = run(&terms, &events, "2031-03-01");
    assert_eq!(moved.position.unapplied, Fen::new(69_067));
    assert_eq!(moved.position.stage, Stage::InStudy);
    assert_eq!(moved.position.first_principal_on, d("2038-12-20"));
    assert_eq!(moved.position.next_due_on, Some(d("2033-12-20")));
    assert_eq!(moved.position.changes_on, Some(d("2033-09-01")));
    has_rows(&moved, "2033-12-20 111 690.67 0.00\n2038-12-20 365 2271.11 10000.00");
    assert_eq!(moved.instalments.last().map(|row| row.due_on), Some(d("2045-09-20")));
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-18 paid 690.67");
    add(&mut events, "2031-03-01 subsidy_end_moved 2033-08-31 2031-02-01");
    let gap = run(&terms, &events, "2031-12-20");
    // 08-31 to 12-20, then 12-20 to 01-31.
    has_rows(&gap, "2030-12-20 111 690.67 0.00 0.00 80000.00 paid");
    has_rows(&gap, "2031-12-20 42 261.33 0.00 0.00 80000.00 due");
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2028-03-05 study_ended_early");
    let dropped = run(&terms, &events, "2028-03-05").position;
    assert_eq!(dropped.subsidy_ends_on, d("2028-03-31"));
    assert_eq!(dropped.first_principal_on, d("2033-12-20"));
    assert_eq!(dropped.next_due_on, Some(d("2028-12-20")));
}

/// Floating contracts: rules.md 3.2; signed before 2020: benchmark, then LPR from 2020-12-21.
#[test]
fn floating_rates_and_re_pricing() {
    let (terms, events) = life("2016-08-20 8000.00 2016-11-15 2018-08-31 3 2034-09-20 floating");
    let found = run(&terms, &events, "2026-06-01");
    let line = |row: &Instalment| format!("{} {} {}", row.due_on, row.rate, row.interest);
    let lines: Vec<String> = found.instalments.iter().map(line).collect();
    assert_eq!(
        lines[..9],
        [
            "2018-12-20 4.90 120.87",
            "2019-12-20 4.90 397.44",
            "2020-12-20 4.90 398.53",
            "2021-12-20 4.35 352.83",
            "2022-12-20 4.35 327.63",
            "2023-12-20 4.00 278.10",
            "2024-12-20 3.60 230.06",
            "2025-12-20 2.90 168.02",
            "2026-12-20 2.80 146.00",
        ]
    );
    // The rate in force on the day holds for the projection; a bank's rate wins over the tables.
    let mut with_rate = events.clone();
    add(&mut with_rate, "2024-12-20 rate_set 2.00");
    let found = run(&terms, &with_rate, "2026-06-01");
    assert_eq!(line(&found.instalments[7]), "2025-12-20 2.00 115.87");
    assert_eq!(found.position.rate, Some(RatePpm::new(20_000)));
    assert_eq!(run(&terms, &events, "2026-12-20").position.changes_on, Some(d("2026-12-21")));
}

/// The bank's own plan wins; the last amount is what remains. A part prepayment cuts it anew.
#[test]
fn the_banks_own_plan() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2026-08-25 plan_set 7000.00 2036");
    let found = run(&terms, &events, "2027-01-01");
    assert_eq!(found.position.first_principal_on, d("2036-12-20"));
    has_rows(&found, "2036-12-20 366 2277.33 7000.00\n2045-09-20 274 362.29 17000.00");
    add(&mut events, "2036-12-20 paid 9277.33\n2037-03-20 prepaid 10000.00");
    let found = run(&terms, &events, "2037-03-20");
    has_rows(&found, "2037-03-20 90 511.00 10000.00 0.00 63000.00 paid");
    has_rows(&found, "2037-12-20 275 1347.50 7000.00");
}

/// A due day in the last hours of a prepayment: the due day's row first, then a row of its own.
#[test]
fn prepaid_on_a_due_day() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2035-12-20 prepaid 10000.00\n2030-12-01 paid 9781.33");
    let found = run(&terms, &events, "2035-12-20");
    let on_day: Vec<String> =
        rows(&found).into_iter().filter(|row| row.starts_with("2035-12-20")).collect();
    assert_eq!(
        on_day,
        [
            "2035-12-20 365 2271.11 7272.73 0.00 72727.27 paid",
            "2035-12-20 0 0.00 10000.00 0.00 62727.27 paid",
        ]
    );
    has_rows(&found, "2036-12-20 366 1785.64 6272.73");
    assert_eq!(found.totals.money_prepaid, Fen::new(227_111 + 727_273 + 1_000_000));
}

/// A term that ends before the grace does: all principal on the final due day. Several
/// disbursements; undisbursed; interest-free.
#[test]
fn short_terms_and_small_things() {
    let (mut terms, mut events) =
        life("2023-08-20 8000.00 2023-11-15 2025-08-31 5 2029-09-20 3.00");
    add(&mut events, "2023-12-05 disbursed 1000.00");
    let found = run(&terms, &events, "2025-09-01");
    has_rows(&found, "2029-09-20 274 205.50 9000.00 0.00 0.00");
    assert_eq!(found.state_paid[0].interest, Fen::new(2_458), "35 days of 8,000, 15 of 1,000");
    assert_eq!(found.position.first_principal_on, d("2029-09-20"));
    terms.pricing = Pricing::Fixed(RatePpm::ZERO);
    let free = run(&terms, &events, "2029-12-31");
    assert_eq!(rows(&free), ["2029-09-20 274 0.00 9000.00 0.00 0.00 overdue"]);
    assert_eq!(free.position.penalty, Fen::ZERO);
    assert_eq!(free.position.changes_on, None, "nothing but the days overdue");
    let nothing = run(&terms, &[], "2025-01-01").position;
    assert_eq!((nothing.stage, nothing.changes_on), (Stage::Undisbursed, None));
    assert_eq!(nothing.rate, None);
}

/// Contradictions, each with its message.
#[test]
fn contradictions_are_refused() {
    let (terms, events) = life(ONE_PLAN);
    let message = |more: &[Event]| {
        let all: Vec<Event> = events.iter().chain(more).copied().collect();
        statement(&terms, &all, &rates(), d("2031-01-01")).unwrap_err().to_string()
    };
    let paid = |id, fen| Event::new(id, d("2030-01-01"), EventKind::Paid { amount: Fen::new(fen) });
    let undo = |id, of| {
        let of = crate::book::ids::EventId::new(of);
        Event::new(id, d("2030-01-02"), EventKind::Reversed { of })
    };
    let rate = |id| Event::new(id, d("2030-01-01"), EventKind::RateSet { rate: RatePpm::ZERO });
    assert_eq!(
        message(&[paid(1, 0)]),
        "event 1 (paid).amount: expected more than 0.00 and at most 1000000000.00 yuan"
    );
    assert!(message(&[paid(0, 1)]).starts_with("event 0.id: expected an id that no other"));
    assert!(
        message(&[undo(1, 9)]).ends_with("(reversed).of: expected the id of an event, found 9")
    );
    assert!(message(&[paid(1, 1), undo(2, 1), undo(3, 2)]).ends_with("no reversal, found 2"));
    assert!(message(&[paid(1, 1), undo(2, 1), undo(3, 1)]).ends_with("of event 1, found two"));
    assert!(message(&[rate(1), rate(2)]).ends_with("one for one day, found two on 2030-01-01"));
    let corrected: Vec<Event> =
        events.iter().chain(&[rate(1), undo(2, 1), rate(3)]).copied().collect();
    assert!(statement(&terms, &corrected, &rates(), d("2030-01-01")).is_ok());
    let late = Event::new(1, d("2045-09-21"), EventKind::Disbursed { amount: Fen::new(1) });
    assert!(message(&[late]).contains("(disbursed).on: expected a day not after"));
    let mut wrong = terms.clone();
    wrong.final_due_on = terms.signed_on;
    let error = statement(&wrong, &events, &rates(), d("2031-01-01")).unwrap_err().to_string();
    assert!(error.starts_with("terms.final_due_on: expected a day after signed_on"), "{error}");
}
