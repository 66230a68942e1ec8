//! What is heard of a family also moves its overdue case, wherever it was written down, and taking
//! it back moves the case back.

use chrono::Datelike;

use crate::base::dates::local;
use crate::base::ids::{FileId, RecordId};
use crate::book::contact::record::{self, Record};
use crate::book::contact::task;
use crate::book::reaction::{Reactions, Who};
use crate::error::{AppError, AppResult};
use crate::life::overdue::kinds::{ParkedFor, State};
use crate::life::overdue::rules;
use crate::life::overdue::steps::{self, Acting, Seen};
use crate::life::overdue::store::{self, Case};
use crate::plumbing::db::Db;

fn acting<'a>(who: &Who<'a>) -> Acting<'a> {
    Acting {
        scope: who.scope,
        by: who.by,
        ids: &who.parts.ids,
        policy: who.parts.policy(),
        now: who.at,
        today: local(who.at).date(),
    }
}

/// The case of a family that is not over.
fn case(who: &Who<'_>, db: &mut Db, file: FileId) -> AppResult<Option<Case>> {
    let newest = store::newest(db, who.scope, file)?;
    Ok(newest.filter(|case| case.state != State::Closed))
}

/// What this stage does when something has happened elsewhere.
pub const REACTIONS: Reactions = Reactions { contact, contact_undone, died, lives };

/// Keeps a contact; of a family with an overdue case it is a contact of that case, which a promise
/// or a hardship moves as if it had been written on the page of the case. False: this form was kept
/// before, and nothing changed.
pub fn contact(db: &mut Db, who: Who<'_>, mut record: Record) -> AppResult<bool> {
    let Some(case) = case(&who, db, record.file_id)? else {
        return record::add(db, &record);
    };
    record.case_id = Some(case.id);
    let seen = Seen { id: case.id, version: case.version };
    steps::contact(db, acting(&who), seen, &record)
}

/// Takes a contact back, and with it what it did to a case. `Changed` when it was taken back
/// before; refused when something else has been done with the case since.
pub fn contact_undone(db: &mut Db, who: Who<'_>, id: RecordId) -> AppResult<Record> {
    let record = record::find(db, who.scope, id)?;
    if record.case_id.is_none() {
        return record::undo(db, who.scope, id, (&who.by.name, who.at));
    }
    if record.undone_at.is_some() {
        return Err(AppError::Changed);
    }
    match steps::undo(db, acting(&who), id) {
        Ok(_) => record::find(db, who.scope, id),
        Err(AppError::Changed) => Err(AppError::refused(
            "这条记录以后，逾期跟进里又办过别的事，不能再撤销，请另写一条说明",
        )),
        Err(other) => Err(other),
    }
}

/// The student of a family has died, said somewhere else than in a contact: nobody has to be rung
/// this year, and the case goes off the ladder.
pub fn died(db: &mut Db, who: Who<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let a = acting(&who);
    task::excuse_died(db, who.scope, (file, a.today.year()), true)?;
    let Some(case) = case(&who, db, file)? else { return Ok(()) };
    let until = rules::later(a.today, rules::park_days(ParkedFor::Died, a.rule()));
    let seen = Seen { id: case.id, version: case.version };
    steps::park(db, a, seen, ParkedFor::Died, (Some(until), reason))
}

/// That was a mistake.
pub fn lives(db: &mut Db, who: Who<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let a = acting(&who);
    task::excuse_died(db, who.scope, (file, a.today.year()), false)?;
    let case = case(&who, db, file)?.filter(|case| case.parked_for == ParkedFor::Died);
    let Some(case) = case else { return Ok(()) };
    steps::go_back(db, a, Seen { id: case.id, version: case.version }, reason)
}
