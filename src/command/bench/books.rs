//! What is worked out over all contracts: five years ahead, and ours held against the bank's.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::Datelike as _;
use diesel::prelude::*;

use super::first_day;
use super::place::Place;
use super::table::{Figure, Line, Table, thousands};
use crate::base::ids::{ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::book::bank::{self, BankFigure, Tells};
use crate::book::statement;
use crate::book::{facts, position};
use crate::command::CliError;
use crate::error::AppResult;
use crate::life::reconcile::run as reconcile;
use crate::plumbing::schema::loan_position;
use crate::reports::contract_line::Report as _;
use crate::reports::forecast::facts::Forecast;
use crate::reports::forecast::rules::{self, Assumption};

/// Measures both on a filled database; raw: each contract and event read, and its position.
pub(super) fn measure(place: &Place, loans: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let (app, on, today) = (&place.app, place.kind.name(), first_day()?);
    let started = Instant::now();
    let ids: Vec<LoanId> =
        app.db.read(|db| Ok(loan_position::table.select(loan_position::loan_id).load(db)?))?;
    let basis = app.basis();
    for ids in ids.chunks(2_000) {
        app.db.read(|db| {
            let mut lives = facts::events(db, &place.scope, ids)?;
            for one in facts::loans(db, &place.scope, ids)? {
                let events = position::with_waivers(lives.take(one.id)?, &basis);
                let found = statement::position(&one.terms()?, &events, &basis.rates, today);
                black_box(found.is_ok());
            }
            Ok(())
        })?;
    }
    let raw = Some(Figure::Took(started.elapsed()));

    let started = Instant::now();
    let report = Forecast::new(place.scope.clone(), &app.basis(), today, Assumption::default());
    let found = app.db.read(|db| report.compute(db))?;
    let years = rules::years(&found.lines, today.year());
    let figure = Figure::Took(started.elapsed());
    let (all, count) = (thousands(u64::from(loans)), years.len());
    let what = format!("forecast of {all} contracts over {count} years, {on}");
    let goal = Some(Figure::Took(Duration::from_secs(3)));
    table.line(Line { what, figure, goal, raw })?;

    put_balances(place, &ids)?;
    let started = Instant::now();
    let differ = reconcile::run(app, &place.scope, |_| ())?;
    let figure = Figure::Took(started.elapsed());
    let what = format!("{all} contracts held against the bank's file, {differ} differ, {on}");
    let goal = Some(Figure::Took(Duration::from_secs(6)));
    table.line(Line { what, figure, goal, raw })
}

/// The bank's list of contracts with the balances that we have.
fn put_balances(place: &Place, ids: &[LoanId]) -> AppResult<()> {
    let (app, today) = (&place.app, place.app.clock.today());
    for ids in ids.chunks(2_000) {
        app.db.write("bench data", |db| {
            let of = loan_position::table.filter(loan_position::loan_id.eq_any(ids));
            let columns = (loan_position::loan_id, loan_position::outstanding_fen);
            let balances: Vec<(LoanId, Fen)> = of.select(columns).load(db)?;
            let row = |(loan_id, balance): (LoanId, Fen)| BankFigure {
                id: RowId::new(app.next_id()),
                office_code: place.scope.own().to_owned(),
                loan_id,
                sheet: "contracts".to_owned(),
                row_key: format!("contracts {loan_id}"),
                as_of: today,
                due_on: None,
                paid_on: None,
                kind: String::new(),
                channel: String::new(),
                due_principal_fen: Fen::ZERO,
                due_interest_fen: Fen::ZERO,
                waived_fen: Fen::ZERO,
                paid_principal_fen: Fen::ZERO,
                paid_interest_fen: Fen::ZERO,
                paid_penalty_fen: Fen::ZERO,
                balance_fen: Some(balance),
                overdue_principal_fen: Fen::ZERO,
                overdue_interest_fen: Fen::ZERO,
                penalty_fen: Fen::ZERO,
                note: String::new(),
                import_id: ImportId::new(0),
                line: 0,
                ordinal: 0,
                paid_fen: Fen::ZERO,
                tells: Tells::Line,
                event_id: None,
            };
            bank::put_figures(db, &balances.into_iter().map(row).collect::<Vec<_>>())
        })?;
    }
    Ok(())
}
