//! The situations of loan-maths sections 3 to 5 that have no published example: figures worked
//! out by hand from its sentences.

use super::tables::{ONE_PLAN, add, has_rows, life, rates, rows, run};
use super::*;
use crate::base::rate::RatePpm;

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
        let of = crate::base::ids::EventId::new(of);
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

/// What an early repayment would take, on the day before and with arrears.
#[test]
fn a_quote_for_an_early_repayment() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-20 paid 690.67\n2031-12-20 paid 2200.00");
    let rates = rates();
    let whole = quote(&terms, &events, &rates, d("2032-03-20"), None).unwrap();
    // 71.11 open of 2031-12-20, 91 days since then.
    assert_eq!(whole.interest, Fen::new(7_111 + 56_622));
    assert_eq!((whole.principal, whole.penalty), (Fen::from_yuan(80_000), Fen::ZERO));
    assert_eq!(whole.total(), Fen::new(8_063_733));
    let part = Some(Fen::from_yuan(500));
    let part = quote(&terms, &events, &rates, d("2032-03-20"), part).unwrap();
    assert_eq!((part.interest, part.principal), (whole.interest, Fen::from_yuan(500)));
}

/// All principal is repaid and only interest is open: the stage still moves by itself.
#[test]
fn the_stage_changes_on_its_day_although_no_principal_is_left() {
    let (mut terms, mut events) = life(ONE_PLAN);
    terms.switches.allocation = Allocation::PrincipalInterestPenalty;
    add(
        &mut events,
        "2026-08-25 plan_set 80000.00 2031
         2030-12-20 paid 690.67
         2031-12-20 paid 80000.00
         2032-03-01 subsidy_end_moved 2030-09-30",
    );
    let found = run(&terms, &events, "2032-04-01").position;
    assert_eq!((found.principal_outstanding, found.stage), (Fen::ZERO, Stage::Grace));
    assert!(found.overdue_interest.is_positive());
    assert_eq!(found.changes_on, Some(d("2035-12-20")));
    assert_eq!(run(&terms, &events, "2035-12-20").position.stage, Stage::Repaying);
}

/// Early compensation that leaves interest due, beside unapplied money: both are shown, and the
/// next due day uses the money.
#[test]
fn unapplied_money_waits_for_the_due_day() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-01 paid 1000.00\n2031-06-20 compensated 100.00");
    let found = run(&terms, &events, "2031-12-19").position;
    assert_eq!((found.unapplied, found.overdue_interest), (Fen::new(30_933), Fen::new(103_244)));
    assert_eq!(found.changes_on, Some(d("2031-12-20")));
    let found = run(&terms, &events, "2031-12-20").position;
    assert_eq!((found.unapplied, found.overdue_interest), (Fen::ZERO, Fen::new(72_311)));
}

/// The last days of December (rules-more 3.14): the bank's result of 12-20 is not there yet.
/// ONE_PLAN asks 2,271.11 on 2031-12-20 and 7,272.73 + 2,271.11 on 2035-12-20.
#[test]
fn a_due_day_after_what_is_known_awaits_the_bank() {
    let (terms, mut events) = life(ONE_PLAN);
    add(&mut events, "2030-12-20 paid 690.67");
    let seen = |events: &[Event], day: &str, known: &str| {
        let days = AsOf::known_until(d(day), Some(d(known)));
        let found = statement(&terms, events, &rates(), days).unwrap();
        assert_eq!(found.broken_invariant(), None);
        found
    };
    let waits = seen(&events, "2031-12-22", "2031-10-31");
    has_rows(&waits, "2031-12-20 365 2271.11 0.00 0.00 80000.00 awaiting");
    let position = &waits.position;
    assert_eq!(position.awaiting, Fen::new(227_111));
    assert_eq!(position.awaiting_on, Some(d("2031-12-20")));
    assert_eq!((position.overdue_interest, position.penalty), (Fen::ZERO, Fen::ZERO));
    assert_eq!((position.oldest_unpaid_due_on, position.days_overdue), (None, 0));
    assert_eq!(position.next_due_on, Some(d("2032-12-20")));
    // On the day itself it is due, not awaited; and nothing at all is known without a day.
    has_rows(
        &seen(&events, "2031-12-20", "2031-10-31"),
        "2031-12-20 365 2271.11 0.00 0.00 80000.00 due",
    );
    let nothing = AsOf::known_until(d("2031-12-22"), None);
    let nothing = statement(&terms, &events, &rates(), nothing).unwrap().position;
    assert_eq!((nothing.awaiting, nothing.overdue_interest), (Fen::new(227_111), Fen::ZERO));
    // The bank tells: unpaid on 12-22 is overdue from then on, paid is paid.
    let informed = seen(&events, "2031-12-24", "2031-12-22").position;
    assert_eq!((informed.overdue_interest, informed.awaiting), (Fen::new(227_111), Fen::ZERO));
    assert_eq!((informed.oldest_unpaid_due_on, informed.days_overdue), (Some(d("2031-12-20")), 2));
    add(&mut events, "2031-12-20 paid 2271.11\n2032-12-20 paid 2277.33\n2033-12-20 paid 2271.11");
    add(&mut events, "2034-12-20 paid 2271.11");
    let paid = seen(&events, "2031-12-22", "2031-10-31");
    has_rows(&paid, "2031-12-20 365 2271.11 0.00 0.00 80000.00 paid");
    assert_eq!(paid.position.awaiting, Fen::ZERO);
    // Penalty runs as far as money is known: 7,272.73 x 2.80% x 1.3 x 11/360 = 8.09.
    let part = seen(&events, "2036-01-20", "2035-12-31").position;
    assert_eq!((part.penalty, part.days_overdue), (Fen::new(809), 11));
    assert!(part.changes_on.is_none_or(|day| day > d("2036-01-21")), "it stands still");
    // Going ahead without the bank: overdue, but no penalty of days that nobody knows of.
    let ahead = AsOf::ahead(d("2036-01-20"), Some(d("2035-10-31")));
    let ahead = statement(&terms, &events, &rates(), ahead).unwrap().position;
    assert_eq!((ahead.overdue_principal, ahead.penalty), (Fen::new(727_273), Fen::ZERO));
    // A late payment on record tells of its own contract: 31 days, 22.80 (loan-maths 5).
    add(&mut events, "2036-01-20 paid 9566.64");
    let late = seen(&events, "2036-01-25", "2035-10-31").position;
    assert_eq!((late.awaiting, late.unapplied), (Fen::ZERO, Fen::ZERO));
}
