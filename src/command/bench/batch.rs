//! A list of pay-outs of a large county: drawn up, checked and frozen, and the bank's answer with
//! three failures in a hundred read and posted, beside bare rows in the same number.

use std::time::{Duration, Instant};

use super::data;
use super::place::{Kind, Place};
use super::raw;
use super::table::{Figure, Line, Table, thousands};
use crate::base::ids::LoanId;
use crate::book::act::{self, Act, FormKey};
use crate::book::audit_log::Actor;
use crate::book::batch::answer;
use crate::book::batch::moves::Step;
use crate::book::batch::store::{self, Batch};
use crate::book::staff::Role;
use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::life::disbursement::steps;
use crate::plumbing::sheet::{self, SheetLimits};
use crate::web::fields::Seen;

/// Contracts on the list, when the county has as many.
const CONTRACTS: u32 = 5_000;
/// Of so many one fails.
const FAILS_ONE_IN: usize = 33;
const YEAR: i32 = 2026;

/// Measures on one database.
pub(super) fn measure(kind: &Kind, loans: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let place = Place::made(kind, super::day(YEAR, 11, 16)?)?;
    let director = place.add_staff("罗主任", Role::Director)?;
    let loans = data::fill_signed(&place, loans.min(CONTRACTS), YEAR)?;
    let count = u64::try_from(loans.len()).unwrap_or_default();
    let (on, contracts) = (kind.name(), thousands(count));
    let other = Actor { staff_id: Some(director), ..place.by.clone() };
    let kind = crate::book::batch::Kind::Cdb;
    let started = Instant::now();
    let made = run(&place, &place.by, |act| {
        steps::draw(act, None, (kind, YEAR), (&loans, None))?.ok_or(AppError::NotFound)
    })?;
    let drawn = started.elapsed();
    let frozen = step(&place, &place.by, &made, Step::Freeze)?;
    let raw = raw::inserts(&place, count)?;
    line(table, (format!("list of {contracts} contracts drawn up, {on}"), drawn), None, raw)?;
    let what = format!("list of {contracts} contracts checked and frozen, {on}");
    line(table, (what, frozen), Some(3), raw)?;
    step(&place, &other, &made, Step::Approve)?;
    step(&place, &place.by, &made, Step::Send)?;
    let took = answered(&place, &made, &loans)?;
    line(table, (format!("its answer read and posted, {on}"), took), Some(5), raw)
}

fn line(
    table: &mut Table<'_>,
    (what, took): (String, Duration),
    goal: Option<u64>,
    raw: Duration,
) -> Result<(), CliError> {
    let goal = goal.map(|seconds| Figure::Took(Duration::from_secs(seconds)));
    table.line(Line { what, figure: Figure::Took(took), goal, raw: Some(Figure::Took(raw)) })
}

fn run<T>(
    place: &Place,
    by: &Actor,
    body: impl FnMut(&mut Act<'_>) -> AppResult<T>,
) -> AppResult<T> {
    act::run(&place.app, (by, &place.scope), "bench batch", body)
}

fn step(place: &Place, by: &Actor, made: &Batch, step: Step) -> AppResult<Duration> {
    let started = Instant::now();
    run(place, by, |act| {
        let now = store::find(act.db, act.scope, made.id)?;
        let seen = Seen { id: now.id, version: now.version };
        let form = FormKey(format!("{} {}", now.version, step.as_text()));
        steps::step(act, &form, seen, (step, None, "bench"))
    })?;
    Ok(started.elapsed())
}

/// The bank's sheet of all lines, read and posted.
fn answered(place: &Place, made: &Batch, loans: &[LoanId]) -> AppResult<Duration> {
    let (app, scope) = (&place.app, &place.scope);
    let lines = app.db.read(|db| store::lines(db, scope, made.id))?;
    let mut text = "合同编号,金额,结果,日期,原因\n".to_owned();
    for (at, line) in lines.iter().enumerate() {
        let (number, amount) = (&line.number, line.amount_fen);
        text.push_str(&match at % FAILS_ONE_IN {
            0 => format!("{number},{amount},失败,,账户已注销\n"),
            _ => format!("{number},{amount},成功,2026-11-16,\n"),
        });
    }
    let started = Instant::now();
    let tables = sheet::read(text.as_bytes(), &SheetLimits::default());
    let tables = tables.map_err(|why| AppError::refused(why.to_chinese()))?;
    let policy = app.policy();
    let template = policy.disbursement_template(made.kind.product(), app.clock.today());
    let answers = answer::read(&tables, template).map_err(AppError::refused)?;
    let (paid, failed, open) = run(place, &place.by, |act| steps::answer(act, made.id, &answers))?;
    if (paid + failed, open) != (loans.len(), 0) {
        return Err(AppError::broken("the bench's own answer was not taken whole"));
    }
    Ok(started.elapsed())
}
