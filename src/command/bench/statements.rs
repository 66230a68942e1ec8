//! Statements and positions of a ten-year-old loan on one core, beside a bare loop over the rows
//! of a finished statement: principal x rate x days, the least that anything must do.

use std::hint::black_box;
use std::time::Instant;

use super::table::{Figure, Line, Table};
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::book::policy::Policy;
use crate::book::statement::{
    self, Event, EventKind, Product, Statement, StatementError, StudyLevel, Terms,
};
use crate::command::CliError;
use crate::command::statement::Statement as Command;

/// How many of each.
const ROUNDS: u64 = 200_000;

pub(super) fn measure(table: &mut Table<'_>) -> Result<(), CliError> {
    let policy = Policy::embedded().map_err(|e| CliError::failed(e.to_string()))?;
    let broken = |e: StatementError| CliError::failed(format!("the bench's own contract: {e}"));
    let (terms, events) = ten_years(&policy).map_err(broken)?;
    let (rates, as_of) = (policy.rates(), day_in(2026, 10, 31));
    let found = statement::statement(&terms, &events, &rates, as_of).map_err(broken)?;

    let started = Instant::now();
    for _ in 0..ROUNDS * 10 {
        black_box(bare(black_box(&found)));
    }
    let raw = Some(Figure::rate(ROUNDS * 10, started.elapsed()));
    let goal = Some(Figure::PerSecond(200_000));

    let started = Instant::now();
    for _ in 0..ROUNDS {
        let all = statement::statement(black_box(&terms), black_box(&events), &rates, as_of);
        black_box(all.map_err(broken)?);
    }
    let figure = Figure::rate(ROUNDS, started.elapsed());
    let what = "statements of a 10-year-old loan, one core".to_owned();
    table.line(Line { what, figure, goal, raw })?;

    let started = Instant::now();
    for _ in 0..ROUNDS {
        let one = statement::position(black_box(&terms), black_box(&events), &rates, as_of);
        black_box(one.map_err(broken)?);
    }
    let figure = Figure::rate(ROUNDS, started.elapsed());
    let what = "positions of a 10-year-old loan, one core".to_owned();
    table.line(Line { what, figure, goal, raw })?;
    stream(&policy, table)
}

/// Lines of a stream.
const LINES: u64 = 100_000;

/// `zhuxue statement - --stream`, beside reading the same lines as JSON and nothing more.
fn stream(policy: &Policy, table: &mut Table<'_>) -> Result<(), CliError> {
    let line = serde_json::json!({
        "terms": { "contract_no": "51202220200000001", "signed_on": "2020-08-20",
            "level": "undergraduate", "subsidy_ends_on": "2024-08-31",
            "final_due_on": "2039-09-20", "grace_years": 5 },
        "events": [
            { "on": "2020-11-18", "kind": "disbursed", "amount": "8000.00" },
            { "on": "2024-12-20", "kind": "paid", "amount": "120.00" },
            { "on": "2025-12-20", "kind": "paid", "amount": "260.00" },
        ],
    })
    .to_string();
    let text = format!("{line}\n").repeat(usize::try_from(LINES).unwrap_or(0));
    let started = Instant::now();
    for line in text.lines() {
        black_box(serde_json::from_str::<serde_json::Value>(line).is_ok());
    }
    let raw = Some(Figure::rate(LINES, started.elapsed()));
    for brief in [true, false] {
        let command = Command::stream(day_in(2026, 10, 31), brief);
        let (started, mut sink) = (Instant::now(), std::io::sink());
        let refused = command.answer_all(policy, &mut text.as_bytes(), &mut sink)?;
        if refused > 0 {
            return Err(CliError::failed("the bench's own stream was refused"));
        }
        let figure = Figure::rate(LINES, started.elapsed());
        let what = format!(
            "statements of a stream, all cores, {}",
            if brief { "position and totals" } else { "every row with its working" }
        );
        let goal = Some(Figure::PerSecond(50_000));
        table.line(Line { what, figure, goal, raw })?;
    }
    Ok(())
}

/// A contract of 2016: the waiver years, a payment for every due day, one of them a month late.
fn ten_years(policy: &Policy) -> Result<(Terms, Vec<Event>), StatementError> {
    let terms = policy.new_terms(
        Product::Cdb,
        "51202220160000001".to_owned(),
        StudyLevel::Undergraduate,
        day_in(2016, 8, 20),
        2018,
        15,
    );
    let paid_out = EventKind::Disbursed { amount: Fen::from_yuan(8_000) };
    let mut events = vec![Event::new(0, day_in(2016, 11, 18), paid_out)];
    for waiver in policy.waiver_years() {
        events.push(Event::of_year(i64::from(waiver.year), waiver.year, EventKind::InterestWaived));
    }
    for year in 2018..2026 {
        let on = terms.due_day.in_year(year);
        let due = statement::position(&terms, &events, &policy.rates(), on)?.due_today;
        let paid_on = if year == 2024 { on + chrono::Days::new(31) } else { on };
        if due.is_positive() {
            let paid = EventKind::Paid { amount: due + Fen::new(500) };
            events.push(Event::new(10_000 + i64::from(year), paid_on, paid));
        }
    }
    Ok((terms, events))
}

fn bare(found: &Statement) -> i64 {
    found
        .instalments
        .iter()
        .map(|row| {
            let amount = row.balance_after.get() * i64::from(row.rate.get()) * row.days;
            (amount * 2 + 360_000_000) / 720_000_000
        })
        .sum()
}
