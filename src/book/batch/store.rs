//! SQL of batches: the only file that writes the tables `batch`, `batch_line` and `batch_step`. No
//! decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::moves::State;
use super::{Kind, number};
use crate::base::ids::{BatchId, PersonId, RowId, StaffId, text_enum};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{batch, batch_line, batch_step};
use crate::{insert_rows, upsert_rows};

text_enum! {
    LineState {
        Open = "open", "未答复";
        Paid = "paid", "已到账";
        Failed = "failed", "发放失败";
    }
}

/// A batch as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch, treat_none_as_default_value = false)]
pub struct Batch {
    pub id: BatchId,
    /// Whose data this is.
    pub office_code: String,
    pub kind: Kind,
    /// First year of the school year.
    pub year: i32,
    pub serial: i32,
    pub state: State,
    /// The batch whose failures it repeats.
    pub repeats_id: Option<BatchId>,
    pub lines: i32,
    pub sum_fen: Fen,
    /// Seal of the whole; empty until it is frozen.
    #[serde(skip)]
    pub seal: String,
    /// Who froze it, and so may not approve it.
    #[serde(skip)]
    pub frozen_by_id: Option<StaffId>,
    /// Grows with every step.
    pub version: i32,
}

impl Batch {
    pub fn number(&self) -> String {
        number(self.kind, self.year, self.serial)
    }
}

/// A line of a batch as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_line, treat_none_as_default_value = false)]
pub struct Line {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub batch_id: BatchId,
    pub kind: Kind,
    /// Its place on the list, from 1.
    pub line: i32,
    /// What it is about: a contract.
    pub subject_id: RowId,
    pub person_id: PersonId,
    pub name: String,
    /// Number of the contract, by which the receiver answers.
    pub number: String,
    pub amount_fen: Fen,
    pub account_sealed: Option<Vec<u8>>,
    pub account_mask: String,
    pub seal: String,
    pub state: LineState,
    /// The day that the receiver names.
    pub answered_on: Option<NaiveDate>,
    /// Why it failed, in the receiver's words.
    pub reason: String,
    /// No other batch of the kind may hold the subject.
    pub running: bool,
}

impl Line {
    /// A line that says nothing yet.
    pub const fn blank() -> Line {
        Line {
            id: RowId::new(0),
            office_code: String::new(),
            batch_id: BatchId::new(0),
            kind: Kind::Cdb,
            line: 0,
            subject_id: RowId::new(0),
            person_id: PersonId::new(0),
            name: String::new(),
            number: String::new(),
            amount_fen: Fen::ZERO,
            account_sealed: None,
            account_mask: String::new(),
            seal: String::new(),
            state: LineState::Open,
            answered_on: None,
            reason: String::new(),
            running: true,
        }
    }
}

/// What was done with a batch.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_step, treat_none_as_default_value = false)]
pub struct StepRow {
    pub id: RowId,
    pub office_code: String,
    pub batch_id: BatchId,
    /// In words, as pages show it.
    pub step: String,
    pub by_name: String,
    pub at: NaiveDateTime,
    pub note: String,
}

pub fn find(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<Batch> {
    let of = batch::table.filter(scope.holds(batch::office_code)).filter(batch::id.eq(id));
    Ok(of.select(Batch::as_select()).get_result(db)?)
}

/// The batches of these kinds, newest first.
pub fn of_kinds(db: &mut Db, scope: &Scope, kinds: &[Kind], most: i64) -> AppResult<Vec<Batch>> {
    let of = batch::table.filter(scope.holds(batch::office_code)).filter(batch::kind.eq_any(kinds));
    Ok(of.order(batch::id.desc()).limit(most).select(Batch::as_select()).load(db)?)
}

/// Those of these kinds that are in a state, oldest first.
pub fn in_state(db: &mut Db, scope: &Scope, kinds: &[Kind], state: State) -> AppResult<Vec<Batch>> {
    let of = batch::table.filter(scope.holds(batch::office_code)).filter(batch::kind.eq_any(kinds));
    let of = of.filter(batch::state.eq(state)).order(batch::id);
    Ok(of.select(Batch::as_select()).load(db)?)
}

/// The lines of a batch, in their order.
pub fn lines(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<Vec<Line>> {
    let of = batch_line::table.filter(scope.holds(batch_line::office_code));
    let of = of.filter(batch_line::batch_id.eq(id)).order(batch_line::line);
    Ok(of.select(Line::as_select()).load(db)?)
}

/// Lines of other batches with one of these numbers, and the batch of each.
pub fn elsewhere(
    db: &mut Db,
    scope: &Scope,
    (id, kind): (BatchId, Kind),
    numbers: &[String],
) -> AppResult<Vec<Batch>> {
    let mut found = Vec::new();
    for chunk in numbers.chunks(BINDS_MAX) {
        let lines = batch_line::table
            .filter(scope.holds(batch_line::office_code))
            .filter(batch_line::kind.eq(kind))
            .filter(batch_line::batch_id.ne(id))
            .filter(batch_line::number.eq_any(chunk))
            .select(batch_line::batch_id)
            .distinct()
            .load::<BatchId>(db)?;
        let of = batch::table.filter(scope.holds(batch::office_code));
        let of = of.filter(batch::id.eq_any(&lines)).order(batch::id.desc());
        found.extend(of.select(Batch::as_select()).load(db)?);
    }
    Ok(found)
}

/// Which of these subjects are on a running list of a kind.
pub fn running(
    db: &mut Db,
    scope: &Scope,
    kind: Kind,
    subjects: &[RowId],
) -> AppResult<Vec<RowId>> {
    let mut found = Vec::new();
    for chunk in subjects.chunks(BINDS_MAX) {
        let of = batch_line::table.filter(scope.holds(batch_line::office_code));
        let of = of.filter(batch_line::kind.eq(kind)).filter(batch_line::running);
        let of = of.filter(batch_line::subject_id.eq_any(chunk)).select(batch_line::subject_id);
        found.extend(of.load::<RowId>(db)?);
    }
    Ok(found)
}

pub fn steps(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<Vec<StepRow>> {
    let of = batch_step::table.filter(scope.holds(batch_step::office_code));
    let of = of.filter(batch_step::batch_id.eq(id)).order(batch_step::id);
    Ok(of.select(StepRow::as_select()).load(db)?)
}

/// The next serial of a kind and year.
pub fn next_serial(db: &mut Db, scope: &Scope, kind: Kind, year: i32) -> AppResult<i32> {
    let of = batch::table.filter(batch::office_code.eq(scope.own()));
    let of = of.filter(batch::kind.eq(kind)).filter(batch::year.eq(year));
    let last: Option<i32> = of.select(diesel::dsl::max(batch::serial)).get_result(db)?;
    Ok(last.unwrap_or_default() + 1)
}

/// Keeps a new batch with its lines.
///
/// # Errors
/// `Changed` when another list took one of the subjects meanwhile.
pub fn insert(db: &mut Db, new: &Batch, lines: &[Line]) -> AppResult<()> {
    diesel::insert_into(batch::table).values(new).execute(db)?;
    insert_rows!(db, batch_line::table, 17, lines)?;
    Ok(())
}

/// Keeps a batch as it is now, when it is still of the version that was read.
///
/// # Errors
/// `Changed` when somebody else was first.
pub fn replace(db: &mut Db, scope: &Scope, now: &Batch) -> AppResult<()> {
    let row = batch::table.filter(scope.holds(batch::office_code)).filter(batch::id.eq(now.id));
    let done = diesel::update(row.filter(batch::version.eq(now.version - 1)))
        .set((
            batch::state.eq(now.state),
            batch::lines.eq(now.lines),
            batch::sum_fen.eq(now.sum_fen),
            batch::seal.eq(&now.seal),
            batch::frozen_by_id.eq(now.frozen_by_id),
            batch::version.eq(now.version),
        ))
        .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// Writes lines over those in their places: as they are frozen, and as they are answered.
pub fn put_lines(db: &mut Db, lines: &[Line]) -> AppResult<()> {
    upsert_rows!(
        db,
        batch_line[17],
        lines,
        key = (id),
        set = (
            line,
            name,
            number,
            amount_fen,
            account_sealed,
            account_mask,
            seal,
            state,
            answered_on,
            reason,
            running
        )
    )?;
    Ok(())
}

/// Takes a line off a list that is not frozen.
pub fn remove_line(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<()> {
    diesel::delete(
        batch_line::table
            .filter(scope.holds(batch_line::office_code))
            .filter(batch_line::id.eq(id)),
    )
    .execute(db)?;
    Ok(())
}

/// Lets the subjects of a batch go: another may hold them.
pub fn release(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<()> {
    let of = batch_line::table.filter(scope.holds(batch_line::office_code));
    diesel::update(of.filter(batch_line::batch_id.eq(id)))
        .set(batch_line::running.eq(false))
        .execute(db)?;
    Ok(())
}

/// Lets one subject go, whatever list of the kind holds it.
pub fn release_subject(db: &mut Db, scope: &Scope, (kind, of): (Kind, RowId)) -> AppResult<()> {
    let row = batch_line::table.filter(scope.holds(batch_line::office_code));
    diesel::update(row.filter(batch_line::kind.eq(kind)).filter(batch_line::subject_id.eq(of)))
        .set(batch_line::running.eq(false))
        .execute(db)?;
    Ok(())
}

pub fn add_step(db: &mut Db, row: &StepRow) -> AppResult<()> {
    diesel::insert_into(batch_step::table).values(row).execute(db)?;
    Ok(())
}
