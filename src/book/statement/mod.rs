//! From events to a statement: the heart of the product (loan-maths.md).
//!
//! One pure function. It reads no clock, no database, no configuration; whatever shows a number
//! gets it from here, and a stored balance is a cache of it. Read `life.rs` (which events count
//! and what they make of the terms), then `walk.rs` (day by day through the life), then
//! `output.rs`.

mod accept;
mod as_of;
mod because;
mod build;
mod check;
pub mod error;
pub mod event;
pub mod file;
mod life;
pub mod output;
mod owed;
mod plan;
pub mod rates;
pub mod show;
pub mod terms;
#[cfg(test)]
mod tests;
mod use_money;
mod walk;

use chrono::{NaiveDate, NaiveDateTime};

use crate::base::money::Fen;
pub use accept::check_alone;
pub use as_of::AsOf;
pub use error::StatementError;
pub use event::{Event, EventKind};
use life::Life;
pub use output::{
    Instalment, InstalmentState, Payer, PenaltySpan, Position, PrincipalBasis, RowKind, Span,
    Stage, StatePaid, Statement, Totals,
};
pub use rates::{RateSeries, RateTables};
pub use terms::{
    Allocation, DayCount, Pricing, Product, Recut, SelfPayStarts, StudyLevel, Switches, Terms,
};
use walk::Walk;

/// The statement of a contract as of a day: events effective on or before it count, later rows
/// are a projection at the rate in force. What fell due after the day up to which money is known
/// ([`AsOf`]) awaits the bank's result.
///
/// # Errors
/// Terms or events that contradict each other; the message names the field.
pub fn statement(
    terms: &Terms,
    events: &[Event],
    rates: &RateTables,
    as_of: impl Into<AsOf>,
) -> Result<Statement, StatementError> {
    let life = Life::new(terms, events, rates, as_of.into())?;
    let mut walk = Walk::new(&life, true);
    walk.live();
    Ok(build::statement(&life, walk))
}

/// The position alone, equal to `statement(..).position` and several times faster.
///
/// # Errors
/// As [`statement`].
pub fn position(
    terms: &Terms,
    events: &[Event],
    rates: &RateTables,
    as_of: impl Into<AsOf>,
) -> Result<Position, StatementError> {
    let life = Life::new(terms, events, rates, as_of.into())?;
    let mut walk = Walk::new(&life, false);
    walk.live();
    Ok(build::position(&mut walk))
}

/// What a day would take to repay early: everything due, the interest accrued, and principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    pub penalty: Fen,
    /// Interest due and accrued.
    pub interest: Fen,
    /// Principal due and the principal named.
    pub principal: Fen,
}

impl Quote {
    /// The sum to be paid.
    pub fn total(&self) -> Fen {
        self.penalty + self.interest + self.principal
    }
}

/// What an early repayment that settles on `on` takes: of `principal`, or (`None`) of the whole
/// contract. Unapplied money is not counted against it: the bank settles the full sum.
///
/// # Errors
/// As [`statement`].
pub fn quote(
    terms: &Terms,
    events: &[Event],
    rates: &RateTables,
    on: NaiveDate,
    principal: Option<Fen>,
) -> Result<Quote, StatementError> {
    let id = events.iter().map(|event| event.id.get()).max().unwrap_or(0).saturating_add(1);
    let before = statement(terms, events, rates, on)?.totals;
    let mut longer = events.to_vec();
    longer.push(Event::new(id, on, EventKind::Prepaid { principal }));
    let after = statement(terms, &longer, rates, on)?.totals;
    Ok(Quote {
        penalty: after.penalty_paid - before.penalty_paid,
        interest: after.interest_paid - before.interest_paid,
        principal: after.principal_by_borrower - before.principal_by_borrower,
    })
}

/// The events that were recorded at or before an instant. A statement of these is the statement
/// as it would have been computed then; an event without an instant counts as known.
pub fn as_known_at(events: &[Event], instant: NaiveDateTime) -> Vec<Event> {
    events
        .iter()
        .filter(|event| event.recorded_at.is_none_or(|recorded_at| recorded_at <= instant))
        .copied()
        .collect()
}

/// The first day after `day` on which an event already recorded takes effect: a cached position
/// is stale from the earlier of this and [`Position::changes_on`].
pub fn next_effective_on(events: &[Event], day: NaiveDate) -> Option<NaiveDate> {
    events.iter().map(|event| event.on).filter(|on| *on > day).min()
}
