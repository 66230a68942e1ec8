//! What is heard of a family also moves its overdue case, wherever it was written down, and taking
//! it back moves the case back.

use chrono::Datelike;

use crate::base::ids::{FileId, RecordId};
use crate::book::act::Act;
use crate::book::contact::record::{self, Record};
use crate::book::contact::task;
use crate::book::reaction::Reactions;
use crate::error::{AppError, AppResult};
use crate::life::overdue::kinds::{ParkedFor, State};
use crate::life::overdue::rules;
use crate::life::overdue::steps;
use crate::life::overdue::store::{self, Case};
use crate::web::fields::Seen;

/// The case of a family that is not over.
fn case(act: &mut Act<'_>, file: FileId) -> AppResult<Option<Case>> {
    let newest = store::newest(act.db, act.scope, file)?;
    Ok(newest.filter(|case| case.state != State::Closed))
}

/// What this stage does when something has happened elsewhere.
pub const REACTIONS: Reactions = Reactions { contact, contact_undone, died, lives };

/// Keeps a contact; of a family with an overdue case it is a contact of that case, which a promise
/// or a hardship moves as if it had been written on the page of the case. False: this form was kept
/// before, and nothing changed.
pub fn contact(act: &mut Act<'_>, mut record: Record) -> AppResult<bool> {
    let Some(case) = case(act, record.file_id)? else {
        return record::add(act.db, &record);
    };
    record.case_id = Some(case.id);
    let seen = Seen { id: case.id, version: case.version };
    steps::contact(act, seen, &record)
}

/// Takes a contact back, and with it what it did to a case. `Changed` when it was taken back
/// before; refused when something else has been done with the case since.
pub fn contact_undone(act: &mut Act<'_>, id: RecordId) -> AppResult<Record> {
    let record = record::find(act.db, act.scope, id)?;
    if record.case_id.is_none() {
        return record::undo(act.db, act.scope, id, (&act.by.name, act.now));
    }
    if record.undone_at.is_some() {
        return Err(AppError::Changed);
    }
    match steps::undo(act, id) {
        Ok(_) => record::find(act.db, act.scope, id),
        Err(AppError::Changed) => Err(AppError::refused(
            "这条记录以后，逾期跟进里又办过别的事，不能再撤销，请另写一条说明",
        )),
        Err(other) => Err(other),
    }
}

/// The student of a family has died, said somewhere else than in a contact: nobody has to be rung
/// this year, and the case goes off the ladder.
pub fn died(act: &mut Act<'_>, file: FileId, reason: &str) -> AppResult<()> {
    task::excuse_died(act.db, act.scope, (file, act.today.year()), true)?;
    let Some(case) = case(act, file)? else { return Ok(()) };
    let until = rules::later(act.today, rules::park_days(ParkedFor::Died, &steps::rule(act)));
    let seen = Seen { id: case.id, version: case.version };
    steps::park(act, seen, ParkedFor::Died, (Some(until), reason))
}

/// That was a mistake.
pub fn lives(act: &mut Act<'_>, file: FileId, reason: &str) -> AppResult<()> {
    task::excuse_died(act.db, act.scope, (file, act.today.year()), false)?;
    let case = case(act, file)?.filter(|case| case.parked_for == ParkedFor::Died);
    let Some(case) = case else { return Ok(()) };
    steps::go_back(act, Seen { id: case.id, version: case.version }, reason)
}
