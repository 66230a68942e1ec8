//! Why a life cannot be computed. Each message names the field or event and what was expected.

use std::fmt;

use chrono::NaiveDate;

use crate::base::ids::EventId;

/// A contradiction in the terms or events. Nothing is guessed: the caller sees this instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementError {
    /// A term is outside what can be computed with.
    Terms { field: &'static str, expected: &'static str },
    /// A value of one event is impossible.
    Event {
        id: EventId,
        /// Name of its kind.
        kind: &'static str,
        field: &'static str,
        expected: &'static str,
    },
    /// Two events carry the same identity.
    DuplicateId(EventId),
    /// Two events of one kind for one day, of a kind of which a day can have one.
    TwoOnOneDay {
        /// Name of the kind.
        kind: &'static str,
        on: NaiveDate,
    },
    /// A reversal names an event that does not exist.
    ReversesNothing { id: EventId, of: EventId },
    /// A reversal names a reversal.
    ReversesReversal {
        id: EventId,
        /// The reversal it names.
        of: EventId,
    },
    /// Two reversals name one event.
    ReversedTwice(EventId),
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatementError::Terms { field, expected } => {
                write!(f, "terms.{field}: expected {expected}")
            }
            StatementError::Event { id, kind, field, expected } => {
                write!(f, "event {id} ({kind}).{field}: expected {expected}")
            }
            StatementError::DuplicateId(id) => {
                write!(f, "event {id}.id: expected an id that no other event carries")
            }
            StatementError::TwoOnOneDay { kind, on } => {
                write!(f, "events.{kind}: expected at most one for one day, found two on {on}")
            }
            StatementError::ReversesNothing { id, of } => {
                write!(f, "event {id} (reversed).of: expected the id of an event, found {of}")
            }
            StatementError::ReversesReversal { id, of } => write!(
                f,
                "event {id} (reversed).of: expected an event that is no reversal, found {of}"
            ),
            StatementError::ReversedTwice(of) => {
                write!(f, "events.reversed.of: expected one reversal of event {of}, found two")
            }
        }
    }
}

impl std::error::Error for StatementError {}
