//! 名单比对 as the desk does it: ten lists of other offices read and taken in, a roster read and
//! compared.

use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::place::{Kind, Place};
use super::round::number;
use super::table::{Figure, Line, Table, thousands};
use crate::base::ids::RowId;
use crate::book::act::{self, FormKey};
use crate::book::policy::MatchingList;
use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::life::matching::steps::{self, NewList};
use crate::life::matching::store::{self, ListEntry};
use crate::life::matching::{roster, upload};
use crate::plumbing::schema::{matching_entry, matching_hit, matching_list};
use crate::plumbing::sheet::write::{self, Head, Out};

const PUPILS: u32 = 4_000;
const ROWS: u32 = 5_000;
/// One line in so many is about a pupil.
const PUPIL_IN: u32 = 20;
/// What we promise.
const MOST_MS: u64 = 5_000;

/// A list of a kind, the `at`th of all: two numbers a household where it has members.
fn list(kind: &MatchingList, at: u32, rows: u32) -> AppResult<Vec<u8>> {
    let places: Vec<u32> = kind.places().into_iter().take(2).collect();
    let row = |line: u32| {
        let mut cells = Vec::new();
        for (member, place) in (0..).zip(&places) {
            let is_last = member + 1 == places.len();
            let text = match is_last && line.is_multiple_of(PUPIL_IN) {
                true => number(2009, (line + at) % PUPILS),
                false => number(1950 + at + 20 * u32::try_from(member).unwrap_or_default(), line),
            };
            cells.resize(usize::try_from(*place).unwrap_or_default(), Out::Blank);
            cells.push(Out::Text(text));
        }
        cells
    };
    let rows: Vec<Vec<Out>> = (0..rows).map(row).collect();
    let last = kind.sheets.iter().copied().max().unwrap_or(1);
    let sheet = |sheet: u32| {
        let columns = vec![("名单".to_owned(), 10); 50];
        let titles = vec![kind.name.clone()];
        let head = Head { sheet: format!("表{sheet}"), titles, columns, ..Head::default() };
        (head, if kind.sheets.contains(&sheet) { rows.clone() } else { Vec::new() })
    };
    let sheets: Vec<(Head, Vec<Vec<Out>>)> = (1..=last).map(sheet).collect();
    write::lists(&sheets).map_err(AppError::broken)
}

fn csv() -> String {
    let mut text = String::from("姓名,身份证号,,,学校,,,,年级,班级,全国学籍号\n");
    for pupil in 0..PUPILS {
        let number = number(2009, pupil);
        text.push_str(&format!("周小满,{number},,,乐至中学,,,,高三,1班,G{number}\n"));
    }
    text
}

/// The whole way; how many hits.
fn compare(place: &Place, files: &[(MatchingList, Vec<u8>)], roster: &str) -> AppResult<i64> {
    let (who, today) = ((&place.by, &place.scope), place.app.clock.today());
    for (kind, bytes) in files {
        let of = (kind.clone(), "县民政局".to_owned());
        let read = NewList::read(&place.app.sealer, ("名单.xlsx", bytes), of, (today, today));
        let new = read.map_err(AppError::refused)?;
        let key = FormKey(kind.key.clone());
        act::run(&place.app, who, "list", |act| steps::receive(act, &key, &new))?;
    }
    let lines = upload::read_roster(("花名册.csv", roster.as_bytes()), today);
    let pupils = roster::pupils(&place.app.sealer, &lines.map_err(AppError::refused)?);
    act::run(&place.app, who, "roster", |act| {
        steps::compare_roster(act, ("花名册.csv", &pupils)).map(|_| ())
    })?;
    place.app.db.read(|db| Ok(matching_hit::table.count().get_result(db)?))
}

/// The same rows written once more, and nothing else.
fn rows_alone(place: &Place) -> AppResult<Duration> {
    type Entry = (RowId, i32, i32, i32, String, bool, Vec<u8>);
    let lists = place.app.db.read(|db| store::lists(db, &place.scope, None))?;
    let rows: Vec<Entry> = place.app.db.read(|db| Ok(matching_entry::table.load(db)?))?;
    let entry = |(list_id, sheet, line, col, office_code, is_member, id_index): Entry| ListEntry {
        list_id,
        sheet,
        line,
        col,
        office_code,
        is_member,
        id_index,
    };
    let mut rows: Vec<ListEntry> = rows.into_iter().map(entry).collect();
    place.app.db.write("bench", |db| {
        diesel::delete(matching_hit::table).execute(db)?;
        diesel::delete(matching_entry::table).execute(db)?;
        diesel::delete(matching_list::table).execute(db)?;
        Ok(())
    })?;
    rows.sort_by_key(|one| one.list_id);
    let started = Instant::now();
    place.app.db.write("bench", |db| {
        for list in &lists {
            let from = rows.partition_point(|one| one.list_id < list.id);
            let to = rows.partition_point(|one| one.list_id <= list.id);
            store::add_list(db, list, rows.get(from..to).unwrap_or_default())?;
        }
        Ok(())
    })?;
    Ok(started.elapsed())
}

/// Measures it on one database.
pub(super) fn measure(kind: &Kind, rows: u32, table: &mut Table<'_>) -> Result<(), CliError> {
    let place = &Place::made(kind, super::first_day()?)?;
    let policy = place.app.policy();
    let mut files = Vec::new();
    for (at, one) in (0..).zip(policy.matching_lists(place.app.clock.today())) {
        files.push((one.clone(), list(one, at, rows.min(ROWS))?));
    }
    let roster = csv();
    let started = Instant::now();
    let hits = compare(place, &files, &roster)?;
    let took = started.elapsed();
    let lists = files.len();
    let (pupils, rows) = (thousands(PUPILS.into()), thousands(rows.min(ROWS).into()));
    table.line(Line {
        what: format!("{pupils} pupils, {lists} lists of {rows}, {hits} hits, {}", kind.name()),
        figure: Figure::Took(took),
        goal: Some(Figure::Took(Duration::from_millis(MOST_MS))),
        raw: Some(Figure::Took(rows_alone(place)?)),
    })
}
