//! The append-only list of what happened to each loan. Writes table `loan_event`, and only ever
//! appends: a mistake is corrected by a `reversed` event that names the wrong one.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::ids::{EventId, LoanId, StaffId};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::base::scope::Scope;
use crate::book::statement::{self, Event, EventKind};
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_event;

/// An event as stored: the fields of every kind side by side.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = loan_event, treat_none_as_default_value = false)]
pub struct EventRow {
    pub id: EventId,
    /// Whose data this is.
    pub office_code: String,
    /// The loan it happened to.
    pub loan_id: LoanId,
    /// The effective day; for events of a year its 01-01.
    pub effective_on: NaiveDate,
    /// Name of the kind.
    pub kind: String,
    /// Year of `interest_waived` and `principal_deferred`.
    pub year: Option<i32>,
    /// Amount, principal or equal amount.
    pub amount_fen: Option<Fen>,
    /// `prepaid`: the whole contract.
    pub whole: bool,
    pub to_on: Option<NaiveDate>,
    /// The day from which the state pays again.
    pub from_on: Option<NaiveDate>,
    /// `rate_set`.
    pub rate_ppm: Option<RatePpm>,
    /// `plan_set`: first year with principal.
    pub first_year: Option<i32>,
    /// `reversed`: the event undone.
    pub reverses_id: Option<EventId>,
    /// How the money came: 支付宝, 银联POS ...
    pub channel: String,
    /// The bank's own reference.
    pub bank_ref: String,
    /// Where it was recorded from: `desk`, or `import 12 line 7`.
    pub source: String,
    /// Makes a repeated command harmless; unique within the office.
    pub command_key: String,
    /// When it was recorded (UTC).
    pub recorded_at: NaiveDateTime,
    /// By whom; none for a job.
    pub recorded_by: Option<StaffId>,
}

/// Where an event comes from: what is written beside what happened.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// How the money came.
    pub channel: String,
    /// The bank's own reference.
    pub bank_ref: String,
    /// Where it was recorded from.
    pub source: String,
    /// Makes a repeated command harmless.
    pub command_key: String,
    pub recorded_by: Option<StaffId>,
}

impl EventRow {
    /// The row of an event that happened to a loan of `office_code`.
    pub fn new(
        office_code: &str,
        loan_id: LoanId,
        event: &Event,
        recorded_at: NaiveDateTime,
        origin: Origin,
    ) -> EventRow {
        let mut row = EventRow {
            id: event.id,
            office_code: office_code.to_owned(),
            loan_id,
            effective_on: event.on,
            kind: event.kind.name().to_owned(),
            year: None,
            amount_fen: None,
            whole: false,
            to_on: None,
            from_on: None,
            rate_ppm: None,
            first_year: None,
            reverses_id: None,
            channel: origin.channel,
            bank_ref: origin.bank_ref,
            source: origin.source,
            command_key: origin.command_key,
            recorded_at,
            recorded_by: origin.recorded_by,
        };
        match event.kind {
            EventKind::Disbursed { amount }
            | EventKind::Paid { amount }
            | EventKind::Compensated { amount }
            | EventKind::Relieved { amount }
            | EventKind::AmountRaised { to: amount } => row.amount_fen = Some(amount),
            EventKind::Prepaid { principal } => {
                row.amount_fen = principal;
                row.whole = principal.is_none();
            }
            EventKind::SubsidyEndMoved { to, from } => {
                row.to_on = Some(to);
                row.from_on = from;
            }
            EventKind::InterestWaived | EventKind::PrincipalDeferred => {
                row.year = Some(event.on.year());
            }
            EventKind::PlanSet { equal_amount, first_year } => {
                row.amount_fen = Some(equal_amount);
                row.first_year = Some(first_year);
            }
            EventKind::RateSet { rate } => row.rate_ppm = Some(rate),
            EventKind::Reversed { of } => row.reverses_id = Some(of),
            EventKind::StudyEndedEarly => {}
        }
        row
    }
}

/// One event by its identity, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: EventId) -> AppResult<EventRow> {
    Ok(loan_event::table
        .filter(scope.holds(loan_event::office_code))
        .filter(loan_event::id.eq(id))
        .select(EventRow::as_select())
        .get_result(db)?)
}

/// The events of these loans, by loan, in the order of recording.
pub fn of_loans(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
) -> AppResult<HashMap<LoanId, Vec<EventRow>>> {
    let mut found: HashMap<LoanId, Vec<EventRow>> = HashMap::with_capacity(loans.len());
    for chunk in loans.chunks(BINDS_MAX) {
        let rows = loan_event::table
            .filter(scope.holds(loan_event::office_code))
            .filter(loan_event::loan_id.any_of(chunk))
            .order((loan_event::loan_id, loan_event::id))
            .select(EventRow::as_select())
            .load(db)?;
        for row in rows {
            found.entry(row.loan_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// The events with these command keys, by key: what an earlier try has recorded already.
pub fn by_key(db: &mut Db, scope: &Scope, keys: &[String]) -> AppResult<HashMap<String, EventRow>> {
    let mut found = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(BINDS_MAX) {
        let rows = loan_event::table
            .filter(loan_event::office_code.eq(scope.own()))
            .filter(loan_event::command_key.eq_any(chunk))
            .select(EventRow::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.command_key.clone(), row)));
    }
    Ok(found)
}

/// The events with these identities.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[EventId]) -> AppResult<Vec<EventRow>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            loan_event::table
                .filter(scope.holds(loan_event::office_code))
                .filter(loan_event::id.eq_any(chunk))
                .select(EventRow::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Appends one event, or finds the one that an earlier try with the same key appended.
/// The flag is true when it is new. The caller refreshes the position in the same write.
///
/// # Errors
/// `Broken` when the key is known for something else, and as [`append_all`].
pub fn append(db: &mut Db, scope: &Scope, row: EventRow) -> AppResult<(EventRow, bool)> {
    let known = by_key(db, scope, std::slice::from_ref(&row.command_key))?;
    if let Some(first) = known.into_values().next() {
        let (one, other) = (first.event()?, row.event()?);
        if (first.loan_id, one.on, one.kind) != (row.loan_id, other.on, other.kind) {
            return Err(impossible(&row, "its command key is that of another event"));
        }
        return Ok((first, false));
    }
    append_all(db, scope, std::slice::from_ref(&row))?;
    Ok((row, true))
}

/// Appends events whose keys the caller has looked up in this same write and found new.
///
/// # Errors
/// `Broken` for an event that cannot have happened: a field of its kind is missing, a sum or a day
/// is out of range, or it reverses what cannot be reversed. Nothing is appended then.
pub fn append_all(db: &mut Db, scope: &Scope, rows: &[EventRow]) -> AppResult<()> {
    for row in rows {
        statement::check_alone(&row.event()?).map_err(|error| impossible(row, error))?;
    }
    check_reversals(db, scope, rows)?;
    insert_rows!(db, loan_event::table, 19, rows)?;
    Ok(())
}

/// One query however many there are, and none when nothing is reversed.
fn check_reversals(db: &mut Db, scope: &Scope, rows: &[EventRow]) -> AppResult<()> {
    let loans: BTreeSet<LoanId> =
        rows.iter().filter(|row| row.reverses_id.is_some()).map(|row| row.loan_id).collect();
    if loans.is_empty() {
        return Ok(());
    }
    let loans: Vec<LoanId> = loans.into_iter().collect();
    let mut lives = of_loans(db, scope, &loans)?;
    for row in rows.iter().filter(|row| loans.binary_search(&row.loan_id).is_ok()) {
        let life = lives.entry(row.loan_id).or_default();
        let target = row.reverses_id.map(|of| life.iter().find(|event| event.id == of));
        match target {
            Some(None) => return Err(impossible(row, "it reverses no event of its loan")),
            Some(Some(event)) if event.reverses_id.is_some() => {
                return Err(impossible(row, "it reverses a reversal"));
            }
            Some(Some(_)) if life.iter().any(|event| event.reverses_id == row.reverses_id) => {
                return Err(impossible(row, "what it reverses is reversed already"));
            }
            _ => life.push(row.clone()),
        }
    }
    Ok(())
}

fn impossible(row: &EventRow, why: impl Display) -> AppError {
    AppError::broken(format!("loan_event {} ({}) of loan {}: {why}", row.id, row.kind, row.loan_id))
}
