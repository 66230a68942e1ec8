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
    table.line(Line { what, figure, goal, raw })
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
