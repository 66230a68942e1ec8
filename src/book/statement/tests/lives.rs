//! Random lives: every invariant of loan-maths section 7, and the slow reference.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::reference::slow;
use super::*;
use crate::base::ids::EventId;
use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;
use crate::book::journal::{Account, journal};

fn rates() -> std::sync::Arc<RateTables> {
    static TABLES: std::sync::OnceLock<std::sync::Arc<RateTables>> = std::sync::OnceLock::new();
    TABLES.get_or_init(|| Policy::embedded().unwrap().rates()).clone()
}

fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap()
}

prop_compose! {
    fn any_terms()(
        year in 2014i32..2026, day in 0u64..120, study in 1i32..6, more in 0i32..12,
        odd in 0u64..400, odd_end in proptest::bool::weighted(0.3),
        odd_due in 0usize..12, grace in 0i32..6,
        fixed in proptest::option::weighted(0.3, 0i32..60_000),
        penalty in prop_oneof![4 => Just(1_300_000), 1 => Just(0), 1 => 1_000_000i32..2_000_000],
        starts in any::<bool>(), recut in any::<bool>(), order in 0usize..3,
        year_days in proptest::bool::weighted(0.1),
    ) -> Terms {
        let signed_on = plus(day_in(year, 7, 1), day);
        let end = day_in(year + study, 8, 31);
        let final_due_on = day_in(year + study + more, 9, 20);
        Terms {
            contract_no: "X".into(),
            signed_on,
            level: StudyLevel::Undergraduate,
            subsidy_ends_on: if odd_end { plus(end, odd) } else { end },
            grace_years: grace,
            due_day: [MonthDay::DECEMBER_20; 12].iter().copied()
                .chain([MonthDay::new(12, 21).unwrap(), MonthDay::new(2, 29).unwrap()])
                .nth(odd_due + 2).unwrap(),
            final_due_on: if odd_end { plus(final_due_on, odd) } else { final_due_on },
            pricing: fixed.map_or(Pricing::Floating, |ppm| Pricing::Fixed(RatePpm::new(ppm))),
            penalty_ppm: penalty,
            day_count: if year_days { DayCount::Act365 } else { DayCount::Act360 },
            switches: Switches {
                self_pay_starts: SelfPayStarts::ALL[usize::from(starts)],
                recut_after_prepayment: Recut::ALL[usize::from(recut)],
                allocation: Allocation::ALL[order],
            },
        }
    }
}

fn any_kind() -> impl Strategy<Value = (EventKind, u64)> {
    let money = |most: i64| (1..most).prop_map(Fen::new);
    let kind = prop_oneof![
        2 => money(2_000_000).prop_map(|amount| EventKind::Disbursed { amount }),
        2 => (0u64..4_000, proptest::option::of(0u64..800)).prop_map(|(to, gap)| {
            let to = plus(d("2017-01-01"), to);
            let from = gap.and_then(|gap| to.checked_sub_days(Days::new(gap)));
            EventKind::SubsidyEndMoved { to, from }
        }),
        1 => Just(EventKind::StudyEndedEarly),
        6 => money(900_000).prop_map(|amount| EventKind::Paid { amount }),
        2 => proptest::option::of(money(900_000))
            .prop_map(|principal| EventKind::Prepaid { principal }),
        1 => money(900_000).prop_map(|amount| EventKind::Compensated { amount }),
        1 => money(900_000).prop_map(|amount| EventKind::Relieved { amount }),
        2 => Just(EventKind::InterestWaived),
        2 => Just(EventKind::PrincipalDeferred),
        1 => (money(500_000), 2015i32..2040).prop_map(|(equal_amount, first_year)| {
            EventKind::PlanSet { equal_amount, first_year }
        }),
        1 => (0i32..80_000).prop_map(|ppm| EventKind::RateSet { rate: RatePpm::new(ppm) }),
        1 => money(900_000).prop_map(|to| EventKind::AmountRaised { to }),
    ];
    // Many events on the days that matter most: the 19th, 20th and 21st of December.
    (kind, 0u64..6_000)
}

/// Terms, a first disbursement and up to 14 other events, without contradictions.
fn any_life() -> impl Strategy<Value = (Terms, Vec<Event>)> {
    let others = proptest::collection::vec((any_kind(), 0u32..8), 0..14);
    (any_terms(), 0u64..150, 100_000i64..2_500_000, others).prop_map(
        |(terms, wait, first, others)| {
            let amount = Fen::new(first);
            let on = plus(terms.signed_on, wait).min(terms.final_due_on);
            let mut events = vec![Event::new(0, on, EventKind::Disbursed { amount })];
            for ((kind, after), december) in others {
                let mut on = plus(terms.signed_on, after);
                if december < 3 {
                    on = plus(terms.due_day.in_year(on.year()), u64::from(december))
                        .pred_opt()
                        .unwrap();
                }
                if kind.is_of_a_year() {
                    on = day_in(on.year(), 1, 1);
                }
                let single = matches!(
                    kind,
                    EventKind::SubsidyEndMoved { .. }
                        | EventKind::StudyEndedEarly
                        | EventKind::PlanSet { .. }
                        | EventKind::RateSet { .. }
                );
                let same = |e: &Event| e.on == on && e.kind.name() == kind.name();
                let late = matches!(kind, EventKind::Disbursed { .. }) && on > terms.final_due_on;
                if late || (single && events.iter().any(same)) {
                    continue;
                }
                events.push(Event::new(i64::try_from(events.len()).unwrap(), on, kind));
            }
            (terms, events)
        },
    )
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    let near = (2014i32..2048, 0u64..4).prop_map(|(year, day)| plus(day_in(year, 12, 19), day));
    prop_oneof![2 => (0u64..12_000).prop_map(|days| plus(d("2014-06-01"), days)), 1 => near]
}

pub(super) fn compare(terms: &Terms, events: &[Event], as_of: NaiveDate) {
    let fast = statement(terms, events, &rates(), as_of).unwrap();
    let slow = slow(terms, events, &rates(), as_of);
    let fast_rows: Vec<_> = fast
        .instalments
        .iter()
        .map(|row| {
            let paid = [row.paid_penalty, row.paid_interest, row.paid_principal].map(Fen::get);
            let due = [row.interest, row.principal, row.penalty, row.waived].map(Fen::get);
            let early = row.kind == RowKind::EarlySettlement;
            (row.due_on, early, due, paid, row.balance_after.get())
        })
        .filter(|row| row.2 != [0; 4])
        .collect();
    let slow_rows: Vec<_> = slow
        .rows
        .iter()
        .map(|row| {
            let due = [row.interest, row.principal, row.penalty, row.waived];
            (row.due_on, row.early, due, row.paid, row.balance_after)
        })
        .filter(|row| row.2 != [0; 4])
        .collect();
    assert_eq!(fast_rows, slow_rows);
    let state: Vec<_> =
        fast.state_paid.iter().map(|paid| (paid.settled_on, paid.interest.get())).collect();
    assert_eq!(state, slow.state_paid);
    let position = &fast.position;
    assert_eq!(position.unapplied.get(), slow.unapplied);
    assert_eq!(position.surplus.get(), slow.surplus);
    assert_eq!(position.settled_on, slow.settled_on);
    let next = position.next_due_on.map(|day| (day, position.next_due_amount.get()));
    assert_eq!(next, slow.next_due);
    let past = || slow.rows.iter().filter(|row| row.due_on <= as_of);
    assert_eq!(fast.totals.penalty.get(), past().map(|row| row.penalty).sum::<i64>());
    assert_eq!(fast.totals.state_penalty.get(), past().map(|row| row.state_penalty).sum::<i64>());
    let late = |part: fn(&super::reference::Row) -> i64| -> i64 {
        past().filter(|row| row.due_on < as_of).map(part).sum()
    };
    assert_eq!(position.overdue_principal.get(), late(|row| row.principal - row.paid[2]));
    assert_eq!(position.overdue_interest.get(), late(|row| row.interest - row.paid[1]));
    assert_eq!(position.penalty.get(), past().map(|row| row.penalty - row.paid[0]).sum::<i64>());
}

/// A position without what may change daily or says when it changes.
fn steady(mut position: Position) -> Position {
    position.days_overdue = 0;
    position.changes_on = None;
    position
}

/// The same lives on every run, so that a red test is red for everybody; `LIVES=1000000` tries
/// other and more ones (`--release` then takes minutes).
fn config(usual: u32) -> ProptestConfig {
    let requested: Option<u32> = std::env::var("LIVES").ok().map(|text| text.parse().unwrap());
    let rng_seed = match requested {
        None => RngSeed::Fixed(20_261_122),
        Some(_) => RngSeed::Random,
    };
    let cases = requested.unwrap_or(usual);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn invariants_hold_and_the_position_is_that_of_the_statement(
        (terms, events) in any_life(), as_of in any_day(),
    ) {
        let found = statement(&terms, &events, &rates(), as_of).unwrap();
        prop_assert_eq!(found.broken_invariant(), None, "{:?}", found);
        prop_assert_eq!(&position(&terms, &events, &rates(), as_of).unwrap(), &found.position);
        let open: Fen = found.instalments.iter()
            .filter(|row| row.due_on <= as_of && row.state == InstalmentState::Overdue)
            .map(|row| row.principal - row.paid_principal).sum();
        prop_assert_eq!(open, found.position.overdue_principal);
        for row in &found.instalments {
            let spans: i64 = found.spans_of(row).map(|span| span.days).sum();
            prop_assert_eq!(spans, row.days, "the spans of a row are its days");
            let unexplained = found.explain_zh(row, "").is_empty();
            prop_assert!(!unexplained || (spans == 0 && row.principal.is_zero()));
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// Double entry: every day of a life sums to zero, and the accounts end as the statement does.
    #[test]
    fn a_journal_balances((terms, events) in any_life(), as_of in any_day()) {
        let found = statement(&terms, &events, &rates(), as_of).unwrap();
        let made = journal((&terms, Product::Cdb), &events, &rates(), as_of).unwrap();
        let mut sums = std::collections::BTreeMap::new();
        for day in &made.transactions {
            let sum: Fen = day.postings.iter().map(|(_, amount)| *amount).sum();
            prop_assert!(sum.is_zero(), "{:?}", day);
            for (account, amount) in &day.postings {
                *sums.entry(*account).or_insert(Fen::ZERO) += *amount;
            }
        }
        for (account, amount) in made.balances {
            prop_assert_eq!(sums.get(&account).copied().unwrap_or(Fen::ZERO), amount);
        }
        let principal = sums.get(&Account::Principal).copied().unwrap_or(Fen::ZERO);
        prop_assert_eq!(principal, found.position.principal_outstanding);
    }

    /// The engine equals the slow reference, row by row.
    #[test]
    fn the_engine_equals_the_slow_reference((terms, events) in any_life(), as_of in any_day()) {
        compare(&terms, &events, as_of);
    }

    #[test]
    fn the_order_of_recording_is_irrelevant(
        (terms, events) in any_life(), as_of in any_day(), seed in any::<u64>(),
    ) {
        let expected = statement(&terms, &events, &rates(), as_of).unwrap();
        let mut shuffled = events.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        prop_assert_eq!(statement(&terms, &shuffled, &rates(), as_of).unwrap(), expected);
    }

    #[test]
    fn an_event_appended_and_reversed_changes_nothing(
        (terms, events) in any_life(), as_of in any_day(),
        (kind, after) in any_kind(), delay in 0u64..900,
    ) {
        let on = plus(terms.signed_on, after).min(terms.final_due_on);
        let on = if kind.is_of_a_year() { day_in(on.year(), 1, 1) } else { on };
        let mut longer = events.clone();
        let id = i64::try_from(events.len()).unwrap();
        longer.push(Event::new(id, on, kind));
        let of = EventId::new(id);
        longer.push(Event::new(id + 1, plus(on, delay), EventKind::Reversed { of }));
        // While the reversal is not yet effective, the event counts (life.rs).
        prop_assume!(as_of < on || as_of >= plus(on, delay));
        let expected = statement(&terms, &events, &rates(), as_of).unwrap();
        prop_assert_eq!(statement(&terms, &longer, &rates(), as_of).unwrap(), expected);
    }

    #[test]
    fn nothing_effective_later_is_used((terms, events) in any_life(), as_of in any_day()) {
        let known: Vec<Event> = events.iter().filter(|e| e.on <= as_of).copied().collect();
        prop_assert_eq!(
            statement(&terms, &known, &rates(), as_of).unwrap(),
            statement(&terms, &events, &rates(), as_of).unwrap()
        );
        let next = next_effective_on(&events, as_of);
        prop_assert_eq!(next.is_none(), known.len() == events.len());
        prop_assert!(next.is_none_or(|day| day > as_of));
    }

    #[test]
    fn as_known_at_an_instant_counts_what_was_recorded_by_then(
        (terms, events) in any_life(), as_of in any_day(), known in 0usize..16,
    ) {
        let instant = |minute: usize| -> NaiveDateTime {
            d("2026-01-01").and_hms_opt(0, u32::try_from(minute).unwrap(), 0).unwrap()
        };
        let stamped: Vec<Event> =
            events.iter().enumerate().map(|(at, e)| e.recorded(instant(at))).collect();
        let before: Vec<Event> = events.iter().take(known + 1).copied().collect();
        let seen = as_known_at(&stamped, instant(known));
        prop_assert_eq!(
            statement(&terms, &seen, &rates(), as_of).unwrap(),
            statement(&terms, &before, &rates(), as_of).unwrap()
        );
    }

    /// Day by day up to `changes_on`, nothing but the days overdue may have changed.
    #[test]
    fn nothing_changes_by_itself_before_changes_on(
        (terms, events) in any_life(), as_of in any_day(),
    ) {
        let known: Vec<Event> = events.iter().filter(|e| e.on <= as_of).copied().collect();
        let now = position(&terms, &known, &rates(), as_of).unwrap();
        prop_assert!(now.changes_on.is_none_or(|day| day > as_of));
        let until = now.changes_on.unwrap_or(NaiveDate::MAX).min(plus(as_of, 800));
        for day in as_of.iter_days().skip(1).take_while(|day| *day < until) {
            let later = position(&terms, &known, &rates(), day).unwrap();
            prop_assert_eq!(steady(later), steady(now.clone()), "on {}", day);
        }
    }

    /// What fell due after the day up to which money is known is neither overdue nor penalised,
    /// and what is overdue is what was overdue then.
    #[test]
    fn what_is_not_known_is_never_held_against_anybody(
        (terms, events) in any_life(), as_of in any_day(), behind in 0u64..900,
    ) {
        let known = as_of.checked_sub_days(Days::new(behind)).unwrap();
        let days = AsOf::known_until(as_of, Some(known));
        // Nothing happened since, as far as anybody has told.
        let past: Vec<Event> = events.iter().filter(|e| e.on <= known).copied().collect();
        let found = statement(&terms, &past, &rates(), days).unwrap();
        prop_assert_eq!(found.broken_invariant(), None, "{:?}", found);
        prop_assert_eq!(&position(&terms, &past, &rates(), days).unwrap(), &found.position);
        let mut awaiting = Fen::ZERO;
        for row in found.instalments.iter().filter(|row| row.due_on > known) {
            prop_assert_ne!(row.state, InstalmentState::Overdue, "{:?}", row);
            prop_assert!(row.penalty.is_zero(), "{:?}", row);
            let awaits = row.state == InstalmentState::Awaiting;
            prop_assert_eq!(awaits, row.due_on < as_of && row.open().is_positive(), "{:?}", row);
            awaiting += if awaits { row.open() } else { Fen::ZERO };
        }
        prop_assert_eq!(awaiting, found.position.awaiting);
        let (now, then) = (&found.position, position(&terms, &past, &rates(), known).unwrap());
        if then.due_today.is_zero() {
            prop_assert_eq!(now.overdue_principal, then.overdue_principal);
            prop_assert_eq!(now.overdue_interest, then.overdue_interest);
            prop_assert_eq!(now.penalty, then.penalty);
        }
        let all = statement(&terms, &past, &rates(), AsOf::known_until(as_of, Some(as_of)));
        prop_assert_eq!(all.unwrap(), statement(&terms, &past, &rates(), as_of).unwrap());
    }
}
