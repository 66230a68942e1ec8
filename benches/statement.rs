//! How many statements and positions a second, beside a bare loop over the same rows, which is
//! the least that anything computing them has to do.
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::hint::black_box;

use chrono::NaiveDate;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zhuxue::base::money::Fen;
use zhuxue::base::month_day::MonthDay;
use zhuxue::book::policy::Policy;
use zhuxue::book::statement::{
    Event, EventKind, Statement, StudyLevel, Terms, position, statement,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A loan of 2016 as it stands in 2026: four waiver years, a payment for every due day, one late.
fn ten_years(policy: &Policy) -> (Terms, Vec<Event>) {
    let signed_on = day("2016-08-20");
    let terms = policy.new_terms(
        zhuxue::book::statement::Product::Cdb,
        "51202220160000001".to_owned(),
        StudyLevel::Undergraduate,
        signed_on,
        2018,
        15,
    );
    assert_eq!(terms.due_day, MonthDay::DECEMBER_20);
    let mut events = vec![Event::new(
        0,
        day("2016-11-18"),
        EventKind::Disbursed { amount: Fen::from_yuan(8_000) },
    )];
    for year in policy.waiver_years() {
        let id = i64::try_from(events.len()).unwrap();
        events.push(Event::of_year(id, year.year, EventKind::InterestWaived));
    }
    for year in 2018..2026 {
        let as_of = NaiveDate::from_ymd_opt(year, 12, 20).unwrap();
        let due = statement(&terms, &events, &policy.rates(), as_of).unwrap().position.due_today;
        let late = u32::try_from(i32::from(year == 2024) * 31).unwrap();
        let on = as_of + chrono::Days::new(u64::from(late)) - chrono::Days::new(9);
        let id = i64::try_from(events.len()).unwrap();
        if due.is_positive() {
            events.push(Event::new(id, on, EventKind::Paid { amount: due + Fen::new(500) }));
        }
    }
    (terms, events)
}

/// The raw limit: principal x rate x days over the rows of a finished statement.
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

fn speed(bench: &mut Criterion) {
    let policy = Policy::embedded().unwrap();
    let (rates, as_of) = (policy.rates(), day("2026-10-31"));
    let (terms, events) = ten_years(&policy);
    let found = statement(&terms, &events, &rates, as_of).unwrap();
    let mut group = bench.benchmark_group("ten_year_loan");
    group.throughput(Throughput::Elements(1));
    group.bench_function("position", |b| {
        b.iter(|| position(black_box(&terms), black_box(&events), &rates, as_of).unwrap());
    });
    group.bench_function("statement", |b| {
        b.iter(|| statement(black_box(&terms), black_box(&events), &rates, as_of).unwrap());
    });
    group.bench_function("bare_loop", |b| b.iter(|| bare(black_box(&found))));
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
