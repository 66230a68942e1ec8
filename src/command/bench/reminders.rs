//! Due reminders written to the outbox for everybody who has something to pay on 12-20, student
//! and co-borrower; and the same job on a night that has nothing to write.

use std::time::{Duration, Instant};

use super::place::{Kind, Place};
use super::table::{Figure, Line, Table, thousands};
use super::{day, raw};
use crate::command::CliError;
use crate::jobs::send_due_reminders;

/// What 100,000 of them may take.
const fn goal(kind: &Kind) -> u64 {
    match kind {
        Kind::Sqlite => 8,
        Kind::Postgres(_) => 20,
    }
}

/// Measures both on a filled database.
pub(super) fn measure(place: &Place, table: &mut Table<'_>) -> Result<(), CliError> {
    let on = place.kind.name();
    let ten_days_before = day(2026, 12, 10)?;
    let started = Instant::now();
    let wrote = send_due_reminders::run(&place.app, ten_days_before)?;
    let took = started.elapsed();
    table.line(Line {
        what: format!("{} due reminders written, {on}", thousands(wrote.done)),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_millis(goal(&place.kind) * wrote.done / 100))),
        raw: None,
    })?;
    let started = Instant::now();
    let second = send_due_reminders::run(&place.app, ten_days_before)?;
    table.line(Line {
        what: format!("due reminders, all written before ({} new), {on}", second.done),
        figure: Figure::Took(started.elapsed()),
        goal: None,
        raw: Some(Figure::Took(raw::due(place, ten_days_before)?)),
    })
}
