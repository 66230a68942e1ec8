//! What is refused before anything is computed: values out of range, contradictions between
//! events. Every refusal names the field and what was expected.

use chrono::{Datelike, NaiveDate};

use super::error::StatementError;
use super::event::{Event, EventKind};
use super::terms::Terms;
use crate::base::dates::day_in;
use crate::base::ids::EventId;
use crate::base::money::Fen;

/// First and last year an event may lie in.
pub(super) const FIRST_YEAR: i32 = 1990;
pub(super) const LAST_YEAR: i32 = 2110;

/// No contract comes near it; it keeps every product of the arithmetic inside 127 bits.
const MOST: Fen = Fen::from_yuan(1_000_000_000);

/// Which events are undone, and from when.
pub(super) struct Reversals(Vec<(EventId, NaiveDate)>);

impl Reversals {
    /// True when the event is undone on or before a day.
    pub fn undo(&self, id: EventId, as_of: NaiveDate) -> bool {
        self.0.iter().any(|undone| undone.0 == id && undone.1 <= as_of)
    }

    /// True when anything undoes the event, now or later.
    pub fn ever(&self, id: EventId) -> bool {
        self.0.iter().any(|undone| undone.0 == id)
    }
}

/// Checks that every term is one that can be computed with.
pub(super) fn check_terms(terms: &Terms) -> Result<(), StatementError> {
    let wrong = |field, expected| Err(StatementError::Terms { field, expected });
    let years = FIRST_YEAR..=LAST_YEAR;
    if !years.contains(&terms.signed_on.year()) {
        return wrong("signed_on", "a day from 1990-01-01 to 2110-12-31");
    }
    if !years.contains(&terms.subsidy_ends_on.year()) {
        return wrong("subsidy_ends_on", "a day from 1990-01-01 to 2110-12-31");
    }
    if !years.contains(&terms.final_due_on.year()) || terms.final_due_on <= terms.signed_on {
        return wrong("final_due_on", "a day after signed_on and not after 2110-12-31");
    }
    if !(0..=40).contains(&terms.grace_years) {
        return wrong("grace_years", "a whole number from 0 to 40");
    }
    if !(0..=10_000_000).contains(&terms.penalty_ppm) {
        return wrong("penalty_percent", "percent as text from 0 to 1000, such as 130");
    }
    Ok(())
}

/// Checks every event by itself and against the others.
pub(super) fn check_events(terms: &Terms, events: &[Event]) -> Result<Reversals, StatementError> {
    let mut reversals = Reversals(Vec::new());
    let mut single: Vec<&Event> = Vec::new();
    let (mut disbursed, mut rising, mut last_id) = (Fen::ZERO, true, None);
    for event in events {
        check_event(terms, event)?;
        rising &= last_id < Some(event.id);
        last_id = Some(event.id);
        match event.kind {
            EventKind::Reversed { of } => reversals.0.push((of, event.on)),
            EventKind::Disbursed { amount } => disbursed += amount,
            EventKind::SubsidyEndMoved { .. }
            | EventKind::StudyEndedEarly
            | EventKind::PlanSet { .. }
            | EventKind::RateSet { .. } => single.push(event),
            _ => {}
        }
    }
    if disbursed > MOST {
        let expected = "a sum of disbursed amounts of at most 1000000000.00";
        return Err(StatementError::Terms { field: "disbursed", expected });
    }
    if !rising {
        check_identities(events)?;
    }
    if !reversals.0.is_empty() {
        check_reversals(events)?;
    }
    for (at, event) in single.iter().enumerate() {
        let same = |other: &&&Event| {
            other.on == event.on
                && other.kind.name() == event.kind.name()
                && !reversals.ever(other.id)
        };
        if !reversals.ever(event.id) && single.iter().skip(at + 1).any(|other| same(&other)) {
            return Err(StatementError::TwoOnOneDay { kind: event.kind.name(), on: event.on });
        }
    }
    Ok(reversals)
}

fn check_identities(events: &[Event]) -> Result<(), StatementError> {
    let mut ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
    ids.sort_unstable();
    match ids.iter().zip(ids.iter().skip(1)).find(|(a, b)| a == b) {
        Some((id, _)) => Err(StatementError::DuplicateId(*id)),
        None => Ok(()),
    }
}

fn check_reversals(events: &[Event]) -> Result<(), StatementError> {
    let mut undone: Vec<EventId> = Vec::new();
    for event in events {
        let EventKind::Reversed { of } = event.kind else { continue };
        match events.iter().find(|other| other.id == of) {
            None => return Err(StatementError::ReversesNothing { id: event.id, of }),
            Some(Event { kind: EventKind::Reversed { .. }, .. }) => {
                return Err(StatementError::ReversesReversal { id: event.id, of });
            }
            Some(_) if undone.contains(&of) => return Err(StatementError::ReversedTwice(of)),
            Some(_) => undone.push(of),
        }
    }
    Ok(())
}

fn check_event(terms: &Terms, event: &Event) -> Result<(), StatementError> {
    check_alone(event)?;
    match event.kind {
        EventKind::Disbursed { .. } if event.on > terms.final_due_on => {
            let (kind, expected) = (event.kind.name(), "a day not after terms.final_due_on");
            Err(StatementError::Event { id: event.id, kind, field: "on", expected })
        }
        _ => Ok(()),
    }
}

/// Checks what can be said of an event without its contract: days and sums are in range.
///
/// # Errors
/// Names the field and what was expected.
pub fn check_alone(event: &Event) -> Result<(), StatementError> {
    let wrong = |field, expected| {
        Err(StatementError::Event { id: event.id, kind: event.kind.name(), field, expected })
    };
    let usable = |amount: Fen| amount.is_positive() && amount <= MOST;
    let years = FIRST_YEAR..=LAST_YEAR;
    if !years.contains(&event.on.year()) {
        return wrong("on", "a day from 1990-01-01 to 2110-12-31");
    }
    let money = "more than 0.00 and at most 1000000000.00 yuan";
    match event.kind {
        EventKind::Disbursed { amount }
        | EventKind::Paid { amount }
        | EventKind::Compensated { amount }
        | EventKind::Relieved { amount }
            if !usable(amount) =>
        {
            wrong("amount", money)
        }
        EventKind::Prepaid { principal: Some(amount) } if !usable(amount) => {
            wrong("principal", money)
        }
        EventKind::AmountRaised { to } if !usable(to) => wrong("to", money),
        EventKind::PlanSet { equal_amount, .. }
            if equal_amount < Fen::ZERO || equal_amount > MOST =>
        {
            wrong("equal_amount", "0.00 to 1000000000.00 yuan")
        }
        EventKind::PlanSet { first_year, .. } if !years.contains(&first_year) => {
            wrong("first_year", "a year from 1990 to 2110")
        }
        EventKind::SubsidyEndMoved { to, .. } if !years.contains(&to.year()) => {
            wrong("to", "a day from 1990-01-01 to 2110-12-31")
        }
        EventKind::SubsidyEndMoved { to, from: Some(from) } if from > to => {
            wrong("from", "a day not after `to`")
        }
        EventKind::InterestWaived | EventKind::PrincipalDeferred
            if event.on != day_in(event.on.year(), 1, 1) =>
        {
            wrong("on", "the 01-01 of the year")
        }
        _ => Ok(()),
    }
}
