//! Lives as lines of text, and statements as lines of text.

use super::*;
use crate::base::month_day::MonthDay;

/// A contract in one line: `signed level principal disbursed subsidy_end grace final pricing`.
pub fn life(line: &str) -> (Terms, Vec<Event>) {
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
pub fn add(events: &mut Vec<Event>, lines: &str) {
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

pub fn rates() -> std::sync::Arc<RateTables> {
    Policy::embedded().unwrap().rates()
}

/// A statement without a broken invariant.
pub fn run(terms: &Terms, events: &[Event], as_of: &str) -> Statement {
    let found = statement(terms, events, &rates(), d(as_of)).unwrap();
    assert_eq!(found.broken_invariant(), None);
    found
}

/// Rows as `due_on days interest principal paid_by_state balance state`.
pub fn rows(statement: &Statement) -> Vec<String> {
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
pub fn has_rows(statement: &Statement, expected: &str) {
    let found = rows(statement);
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(found.iter().any(|row| row.starts_with(line)), "{line} in {found:#?}");
    }
}

/// The example of loan-maths section 3.
pub const ONE_PLAN: &str = "2026-08-20 80000.00 2026-11-15 2030-08-31 5 2045-09-20 2.80";
