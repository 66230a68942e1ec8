//! What is heard of a family reaches all that follow it. The stages of a loan's life do not know
//! each other: here a contact, wherever it was written down, also moves the overdue case of the
//! family, and taking it back moves the case back.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{FileId, RecordId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::contact::record::{self, Record};
use crate::book::contact::task;
use crate::book::history::By;
use crate::error::{AppError, AppResult};
use crate::life::overdue::kinds::{ParkedFor, State};
use crate::life::overdue::rules;
use crate::life::overdue::steps::{self, Acting, Seen};
use crate::life::overdue::store::{self, Case};
use crate::plumbing::db::Db;

/// Whose hearing it is.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    /// The program.
    pub app: &'a App,
    /// The offices they may see.
    pub scope: &'a Scope,
    /// In whose name.
    pub by: &'a By,
    /// When, taken before the write.
    pub at: NaiveDateTime,
}

impl Who<'_> {
    fn acting(&self) -> Acting<'_> {
        Acting {
            scope: self.scope,
            by: self.by,
            ids: &self.app.ids,
            policy: self.app.policy(),
            now: self.at,
            today: local(self.at).date(),
        }
    }

    /// The case of a family that is not over.
    fn case(&self, db: &mut Db, file: FileId) -> AppResult<Option<Case>> {
        let newest = store::newest(db, self.scope, file)?;
        Ok(newest.filter(|case| case.state != State::Closed))
    }
}

/// Keeps a contact; of a family with an overdue case it is a contact of that case, which a promise
/// or a hardship moves as if it had been written on the page of the case. False: this form was kept
/// before, and nothing changed.
pub fn heard(db: &mut Db, who: Who<'_>, mut record: Record) -> AppResult<bool> {
    let Some(case) = who.case(db, record.file_id)? else {
        return record::add(db, &record);
    };
    record.case_id = Some(case.id);
    let seen = Seen { id: case.id, version: case.version };
    steps::contact(db, who.acting(), seen, &record)
}

/// Takes a contact back, and with it what it did to a case. `Changed` when it was taken back
/// before; refused when something else has been done with the case since.
pub fn taken_back(db: &mut Db, who: Who<'_>, id: RecordId) -> AppResult<Record> {
    let record = record::find(db, who.scope, id)?;
    if record.case_id.is_none() {
        return record::undo(db, who.scope, id, (&who.by.name, who.at));
    }
    if record.undone_at.is_some() {
        return Err(AppError::Changed);
    }
    match steps::undo(db, who.acting(), id) {
        Ok(_) => record::find(db, who.scope, id),
        Err(AppError::Changed) => Err(AppError::refused(
            "这条记录以后，逾期跟进里又办过别的事，不能再撤销，请另写一条说明",
        )),
        Err(other) => Err(other),
    }
}

/// What is wrong with the day of a promise; none when it can be taken.
pub fn promise_fault(app: &App, day: Option<NaiveDate>, today: NaiveDate) -> Option<String> {
    rules::promise_fault(day, today, app.policy().ladder.on(today))
}

/// What is wrong with a promised sum; `most` is all that can be owed.
pub fn amount_fault(fen: Option<Fen>, most: Option<Fen>) -> Option<&'static str> {
    rules::amount_fault(fen, most)
}

/// The student of a family has died, said somewhere else than in a contact: nobody has to be rung
/// this year, and the case goes off the ladder.
pub fn died(db: &mut Db, who: Who<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let a = who.acting();
    task::excuse_died(db, who.scope, (file, a.today.year()), true)?;
    let Some(case) = who.case(db, file)? else { return Ok(()) };
    let until = rules::later(a.today, rules::park_days(ParkedFor::Died, a.rule()));
    let seen = Seen { id: case.id, version: case.version };
    steps::park(db, a, seen, ParkedFor::Died, (Some(until), reason))
}

/// That was a mistake.
pub fn lives(db: &mut Db, who: Who<'_>, file: FileId, reason: &str) -> AppResult<()> {
    let a = who.acting();
    task::excuse_died(db, who.scope, (file, a.today.year()), false)?;
    let case = who.case(db, file)?.filter(|case| case.parked_for == ParkedFor::Died);
    let Some(case) = case else { return Ok(()) };
    steps::go_back(db, a, Seen { id: case.id, version: case.version }, reason)
}
