//! The nightly refresh: a night on which nothing is due, and a 12-21, when the new LPR changes
//! every contract, beside a bare read, compute and write of the same rows.

use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::place::Place;
use super::table::{Figure, Line, Table, thousands};
use super::{day, first_day, raw};
use crate::book::position;
use crate::command::CliError;

/// How many loans are refreshed in one write.
const BATCH: i64 = 4_000;

/// Measures both nights on a filled database.
pub(super) fn measure(place: &Place, table: &mut Table<'_>) -> Result<(), CliError> {
    let on = place.kind.name();
    // The evening before: whatever changes daily is done.
    refresh(place, first_day()?)?;
    raw::due(place, first_day()?)?;
    let (none, took) = refresh(place, first_day()?)?;
    table.line(Line {
        what: format!("nightly refresh, nothing due ({none} changed), {on}"),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_millis(300))),
        raw: Some(Figure::Took(raw::due(place, first_day()?)?)),
    })?;
    let december = day(2026, 12, 21)?;
    let (all, took) = refresh(place, december)?;
    let raw = raw::refresh(place, december)?;
    table.line(Line {
        what: format!("nightly refresh of a 12-21, {} loans changed, {on}", thousands(all)),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_secs(6))),
        raw: Some(Figure::Took(raw)),
    })
}

/// Refreshes batch after batch until nothing is due. How many loans, and how long.
fn refresh(place: &Place, today: NaiveDate) -> Result<(u64, Duration), CliError> {
    let (app, started) = (&place.app, Instant::now());
    let mut all = 0;
    loop {
        let done = app.db.write("bench refresh", |db| {
            position::refresh_due(db, &place.scope, &app.basis(), today, BATCH)
        })?;
        all += u64::try_from(done).unwrap_or_default();
        if done == 0 {
            return Ok((all, started.elapsed()));
        }
    }
}
