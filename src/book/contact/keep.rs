//! Keeps a contact, or takes it back, and what it leads to within the book, in the same write: the
//! duty of the year, what is known of the number, and the stop of messages to somebody who died.

use chrono::NaiveDateTime;

use super::record::{self, Outcome, Record};
use super::{number, task};
use crate::base::ids::RecordId;
use crate::base::scope::Scope;
use crate::book::loan;
use crate::book::notice::stops::{self, Suppression, Why};
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// What a stop says that a record has put.
const STOPPED_BY_RECORD: &str = "联系记录";

/// Keeps a record and tells the year's duty of that family and the number that was used, in the
/// same write. False: a record with this command key is there already, and nothing was changed.
pub fn add(db: &mut Db, new: &Record) -> AppResult<bool> {
    let new = &Record { number_before: number::before(db, new)?, ..new.clone() };
    let is_new = record::insert(db, new)?;
    if is_new {
        task::apply_contact(db, new)?;
        number::used(db, new)?;
        if new.outcome == Outcome::Died {
            stop_messages(db, new)?;
        }
    }
    Ok(is_new)
}

/// Keeps many records at once; the caller has looked that their keys are new. Tells the duties.
pub fn add_all(db: &mut Db, new: &[Record]) -> AppResult<()> {
    record::insert_all(db, new)?;
    for record in new {
        task::apply_contact(db, record)?;
    }
    Ok(())
}

/// Takes a record back; the duty that it met is open again, and the number is as it was. `Changed`
/// when it was taken back before.
pub fn undo(
    db: &mut Db,
    scope: &Scope,
    id: RecordId,
    (by, at): (&str, NaiveDateTime),
) -> AppResult<Record> {
    let record = record::mark_undone(db, scope, id, (by, at))?;
    task::undone(db, &record)?;
    number::unused(db, &record)?;
    if record.outcome == Outcome::Died {
        resume_messages(db, &record)?;
    }
    Ok(record)
}

/// Nobody writes to somebody who has died: the stop is put with the record, in its name.
fn stop_messages(db: &mut Db, record: &Record) -> AppResult<()> {
    let scope = Scope::of(&record.office_code);
    let stop = Suppression {
        person_id: loan::file(db, &scope, record.file_id)?.person_id,
        office_code: record.office_code.clone(),
        why: Why::Died,
        note: STOPPED_BY_RECORD.to_owned(),
        by_name: record.by_name.clone(),
        since: record.recorded_at,
    };
    stops::put(db, &scope, &stop).map(|_| ())
}

/// Lifts the stop that this record has put, and no other.
fn resume_messages(db: &mut Db, record: &Record) -> AppResult<()> {
    let scope = Scope::of(&record.office_code);
    let person = loan::file(db, &scope, record.file_id)?.person_id;
    let stop = stops::of_people(db, &scope, &[person])?.remove(&person);
    if stop.is_some_and(|stop| stop.note == STOPPED_BY_RECORD && stop.since == record.recorded_at) {
        stops::lift(db, &scope, person)?;
    }
    Ok(())
}
