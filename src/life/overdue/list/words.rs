//! The rows of the overdue page in words: stage, last contact, next step, who looks after it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::dates::{days_between, in_words};
use crate::base::ids::{FileId, PersonId, StaffId};
use crate::base::scope::Scope;
use crate::book::contact::record::{self, Record};
use crate::book::policy::LadderRule;
use crate::book::staff;
use crate::error::AppResult;
use crate::life::overdue::follow;
use crate::life::overdue::kinds::State;
use crate::life::overdue::rules::{self, First};
use crate::life::overdue::store::Case;
use crate::plumbing::db::Db;
use crate::web::list::files::Row;
use crate::web::list::words::{RowWords, row_words};

/// What the rows need besides themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    last: HashMap<FileId, Record>,
    confirmed: HashSet<FileId>,
    staff: HashMap<StaffId, String>,
}

/// Reads it for these rows.
pub(super) fn load_related(
    db: &mut Db,
    scope: &Scope,
    rows: &[(Row, Case)],
    today: NaiveDate,
) -> AppResult<Around> {
    let files: Vec<FileId> = rows.iter().map(|(row, _)| row.file_id).collect();
    let people: Vec<PersonId> = rows.iter().map(|(row, _)| row.person_id).collect();
    let sure = follow::confirmed(db, scope, &people, today)?;
    let confirmed = rows.iter().filter(|(row, _)| sure.contains(&row.person_id));
    let all = staff::all(db, scope)?.into_iter().map(|one| (one.id, one.name));
    Ok(Around {
        last: record::last_of(db, scope, &files)?,
        confirmed: confirmed.map(|(row, _)| row.file_id).collect(),
        staff: all.collect(),
    })
}

/// One row of the page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CaseLine {
    /// What every list shows.
    #[serde(flatten)]
    pub words: RowWords,
    /// Version of the case, for the bulk bar.
    case_version: i32,
    place: u8,
    ladder: &'static str,
    days: i64,
    last: String,
    last_on: String,
    next: &'static str,
    next_on: String,
    is_due: bool,
    is_late: bool,
    state: &'static str,
    state_words: &'static str,
    why_parked: String,
    owner: String,
    weight: i64,
    why_first: String,
}

/// A row in words.
pub(super) fn line(
    row: &Row,
    case: &Case,
    load_related: &Around,
    rule: &LadderRule,
    today: NaiveDate,
) -> CaseLine {
    let last = load_related.last.get(&row.file_id);
    let days = days_between(case.stage_since, today);
    let facts = First {
        overdue: row.overdue_fen(),
        days,
        broken: case.broken_promises,
        first_year: rules::is_first_year(row.graduates_on, today),
        reached: case.reached,
        confirmed: load_related.confirmed.contains(&row.file_id),
    };
    let open = case.state == State::Open;
    CaseLine {
        words: row_words(row, today),
        case_version: case.version,
        place: case.stage.place(),
        ladder: case.stage.in_words(),
        days,
        last: last.map(last_words).unwrap_or_default(),
        last_on: last.map(|record| in_words(record.on_day, today)).unwrap_or_default(),
        next: case.next_step.in_words(),
        next_on: if case.next_on == today {
            "今天".to_owned()
        } else {
            in_words(case.next_on, today)
        },
        is_due: open && case.next_on == today,
        is_late: open && case.next_on < today,
        state: case.state.as_text(),
        state_words: case.state.in_words(),
        why_parked: case.parked_for.in_words().to_owned(),
        owner: owner(case, load_related),
        weight: case.weight,
        why_first: rules::first(&facts, rule).1.join("，"),
    }
}

/// Who looks after a case.
pub(super) fn owner(case: &Case, load_related: &Around) -> String {
    case.owner_id.and_then(|id| load_related.staff.get(&id)).cloned().unwrap_or_default()
}

/// The last contact: with whom, and what came of it.
pub(super) fn last_words(record: &Record) -> String {
    format!("{}：{}", record.party.in_words(), record.outcome.in_words())
}

/// The last contact of a file.
pub(super) fn last_of<'a>(row: &Row, load_related: &'a Around) -> Option<&'a Record> {
    load_related.last.get(&row.file_id)
}
