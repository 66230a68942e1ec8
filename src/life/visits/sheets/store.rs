//! Batches and their sheets. The only file that writes the tables `sheet_batch` and `sheet`.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::rules::{Counts, Paper};
use crate::base::dates::local;
use crate::base::ids::{BatchId, CaseId, FileId, PersonId, SheetId};
use crate::base::scope::Scope;
pub use crate::book::visit_sheet::State;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::rules::ReceiverKind;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, overdue_case, person, sheet, sheet_batch};

/// What one receiver gets in one go, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet_batch, treat_none_as_default_value = false)]
pub struct Batch {
    pub id: BatchId,
    /// Whose data this is.
    pub office_code: String,
    /// What it is about.
    pub purpose: Purpose,
    /// `village`, `school`, `police`.
    pub receiver_kind: String,
    /// 乡镇 of a village.
    pub township: String,
    /// The receiver as lists write it.
    pub receiver: String,
    /// The day of the figures.
    pub as_of: NaiveDate,
    /// Until when it should be back.
    pub return_by: NaiveDate,
    pub amounts: bool,
    /// Number of the letter.
    pub letter: String,
    /// When it was made.
    pub made_at: NaiveDateTime,
    pub made_by: String,
    /// When it was handed over.
    pub handed_on: Option<NaiveDate>,
    /// Who handed it over.
    pub handed_by: String,
    pub handed_to: String,
    /// By which way: 当面, 邮寄 ...
    pub handed_how: String,
    /// What shows that it was taken.
    pub receipt: String,
    /// When it was last asked for.
    pub chased_on: Option<NaiveDate>,
    pub chased_times: i32,
    /// Grows with every change.
    pub version: i32,
}

/// One household on paper, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet, treat_none_as_default_value = false)]
pub struct Sheet {
    pub id: SheetId,
    /// Whose data this is.
    pub office_code: String,
    pub batch_id: BatchId,
    pub file_id: FileId,
    /// The overdue case it belongs to.
    pub case_id: Option<CaseId>,
    /// `HZ26-1031-001`, unique in the office.
    pub number: String,
    /// Its place in the batch, from 1.
    pub place: i32,
    /// Blind index of the code.
    pub code_index: Vec<u8>,
    /// The code, sealed (`Field::Sheet`).
    pub code_sealed: Vec<u8>,
    /// After this instant the code opens nothing.
    pub expires_at: NaiveDateTime,
    pub state: State,
    /// When it came back.
    pub returned_at: Option<NaiveDateTime>,
    /// When it was accepted or taken out of use.
    pub closed_at: Option<NaiveDateTime>,
    /// Why it was taken out of use.
    pub closed_why: String,
    /// Grows with every change.
    pub version: i32,
}

impl Batch {
    /// The day it was made, as the county counts days.
    pub fn made_on(&self) -> NaiveDate {
        local(self.made_at).date()
    }

    /// What its papers ask, answered on `today`.
    pub fn paper(&self, today: NaiveDate) -> Paper {
        Paper { purpose: self.purpose, since: self.made_on(), today }
    }
}

/// How many columns [`Sheet`] has.
const COLUMNS: usize = 15;

/// Keeps a new batch with its sheets.
pub fn add(db: &mut Db, batch: &Batch, sheets: &[Sheet]) -> AppResult<()> {
    diesel::insert_into(sheet_batch::table).values(batch).execute(db)?;
    insert_rows!(db, sheet::table, COLUMNS, sheets)?;
    Ok(())
}

/// How many sheets of this office have a number that begins so. Sheets are never deleted.
pub fn count_numbers(db: &mut Db, scope: &Scope, prefix: &str) -> AppResult<i64> {
    Ok(sheet::table
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::number.like(format!("{prefix}%")))
        .count()
        .get_result(db)?)
}

/// With whom such sheets of families are out and can still come back, or where one came back that
/// nobody has looked at yet; the newest batch first.
pub type Out = HashMap<FileId, Vec<(Purpose, ReceiverKind, BatchId)>>;

/// The sheets that are out, about whatever.
pub fn out(db: &mut Db, scope: &Scope, now: NaiveDateTime) -> AppResult<Out> {
    let is_out = sheet::state.eq(State::Out).and(sheet::expires_at.gt(now));
    let rows: Vec<(FileId, Purpose, String, BatchId)> = sheet::table
        .inner_join(sheet_batch::table.on(sheet_batch::id.eq(sheet::batch_id)))
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::state.eq(State::Returned).or(is_out))
        .order(sheet_batch::id.desc())
        .select((sheet::file_id, sheet_batch::purpose, sheet_batch::receiver_kind, sheet_batch::id))
        .load(db)?;
    let mut found: Out = HashMap::with_capacity(rows.len());
    for (file, purpose, kind, batch) in rows {
        let by = ReceiverKind::from_text(&kind).unwrap_or(ReceiverKind::Village);
        found.entry(file).or_default().push((purpose, by, batch));
    }
    Ok(found)
}

/// What each of these sheets is about.
pub fn purposes(
    db: &mut Db,
    scope: &Scope,
    ids: &[SheetId],
) -> AppResult<HashMap<SheetId, Purpose>> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<(SheetId, Purpose)> = sheet::table
            .inner_join(sheet_batch::table)
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq_any(chunk))
            .select((sheet::id, sheet_batch::purpose))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The overdue case that is not closed of each of these families.
pub fn open_cases(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
) -> AppResult<HashMap<FileId, CaseId>> {
    let mut found = HashMap::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<(FileId, CaseId)> = overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::file_id.eq_any(chunk))
            .filter(overdue_case::state.ne("closed"))
            .select((overdue_case::file_id, overdue_case::id))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// One batch, or NotFound.
pub fn batch(db: &mut Db, scope: &Scope, id: BatchId) -> AppResult<Batch> {
    Ok(sheet_batch::table
        .filter(scope.holds(sheet_batch::office_code))
        .filter(sheet_batch::id.eq(id))
        .select(Batch::as_select())
        .get_result(db)?)
}

pub fn batches(db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<Batch>> {
    Ok(sheet_batch::table
        .filter(scope.holds(sheet_batch::office_code))
        .order(sheet_batch::id.desc())
        .limit(limit)
        .select(Batch::as_select())
        .load(db)?)
}

/// The batches that were made in one go with this one, in the order of packing.
pub fn made_with(db: &mut Db, scope: &Scope, one: &Batch) -> AppResult<Vec<Batch>> {
    Ok(sheet_batch::table
        .filter(scope.holds(sheet_batch::office_code))
        .filter(sheet_batch::made_at.eq(one.made_at))
        .filter(sheet_batch::made_by.eq(&one.made_by))
        .filter(sheet_batch::receiver_kind.eq(&one.receiver_kind))
        .order(sheet_batch::id)
        .select(Batch::as_select())
        .load(db)?)
}

/// Batches of which something is still out after its day, the longest first.
pub fn late(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Vec<Batch>> {
    let with_out: Vec<BatchId> = sheet::table
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::state.eq(State::Out))
        .select(sheet::batch_id)
        .distinct()
        .load(db)?;
    let mut found = Vec::new();
    for chunk in with_out.chunks(BINDS_MAX) {
        found.extend(
            sheet_batch::table
                .filter(scope.holds(sheet_batch::office_code))
                .filter(sheet_batch::id.eq_any(chunk))
                .filter(sheet_batch::return_by.lt(today))
                .select(Batch::as_select())
                .load::<Batch>(db)?,
        );
    }
    found.sort_by_key(|batch| (batch.return_by, batch.id));
    Ok(found)
}

/// How many sheets of each of these batches are where.
pub fn counts(db: &mut Db, scope: &Scope, ids: &[BatchId]) -> AppResult<HashMap<BatchId, Counts>> {
    let mut found: HashMap<BatchId, Counts> = HashMap::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<(BatchId, State, i64)> = sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::batch_id.eq_any(chunk))
            .group_by((sheet::batch_id, sheet::state))
            .select((sheet::batch_id, sheet::state, count_star()))
            .load(db)?;
        for (id, state, n) in rows {
            let counts = found.entry(id).or_default();
            match state {
                State::Out => counts.out = n,
                State::Returned => counts.returned = n,
                State::Accepted => counts.accepted = n,
                State::Void => counts.void = n,
            }
        }
    }
    Ok(found)
}

/// The sheets of a batch, in order.
pub fn sheets_of(db: &mut Db, scope: &Scope, batch: BatchId) -> AppResult<Vec<Sheet>> {
    Ok(sheet::table
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::batch_id.eq(batch))
        .order((sheet::place, sheet::id))
        .select(Sheet::as_select())
        .load(db)?)
}

/// The sheets of these states that were made for one place, the newest batch first.
pub fn of_place(
    db: &mut Db,
    scope: &Scope,
    (kind, township, receiver): (&str, &str, &str),
    (states, limit): (&[State], i64),
) -> AppResult<Vec<(Sheet, Batch)>> {
    Ok(sheet::table
        .inner_join(sheet_batch::table)
        .filter(scope.holds(sheet_batch::office_code))
        .filter(sheet_batch::receiver_kind.eq(kind))
        .filter(sheet_batch::township.eq(township))
        .filter(sheet_batch::receiver.eq(receiver))
        .filter(sheet::state.eq_any(states))
        .order((sheet_batch::id.desc(), sheet::place))
        .limit(limit)
        .select((Sheet::as_select(), Batch::as_select()))
        .load(db)?)
}

/// One sheet that was made for this place and not taken out of use, or NotFound.
pub fn one_of_place(
    db: &mut Db,
    scope: &Scope,
    (kind, township, receiver): (&str, &str, &str),
    id: SheetId,
) -> AppResult<(Sheet, Batch)> {
    Ok(sheet::table
        .inner_join(sheet_batch::table)
        .filter(scope.holds(sheet_batch::office_code))
        .filter(sheet::id.eq(id))
        .filter(sheet_batch::receiver_kind.eq(kind))
        .filter(sheet_batch::township.eq(township))
        .filter(sheet_batch::receiver.eq(receiver))
        .filter(sheet::state.ne(State::Void))
        .select((Sheet::as_select(), Batch::as_select()))
        .first(db)?)
}

/// One sheet, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: SheetId) -> AppResult<Sheet> {
    Ok(sheet::table
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::id.eq(id))
        .select(Sheet::as_select())
        .get_result(db)?)
}

/// The sheet that a code opens. The one query without a scope: the code is the way in, and the
/// sheet says whose it is.
pub fn by_code(db: &mut Db, code_index: &[u8]) -> AppResult<Option<Sheet>> {
    Ok(sheet::table
        .filter(sheet::code_index.eq(code_index))
        .select(Sheet::as_select())
        .first(db)
        .optional()?)
}

/// The sheets with these numbers.
pub fn by_numbers(db: &mut Db, scope: &Scope, numbers: &[String]) -> AppResult<Vec<Sheet>> {
    let mut found = Vec::new();
    for chunk in numbers.chunks(BINDS_MAX) {
        found.extend(
            sheet::table
                .filter(scope.holds(sheet::office_code))
                .filter(sheet::number.eq_any(chunk))
                .select(Sheet::as_select())
                .load::<Sheet>(db)?,
        );
    }
    Ok(found)
}

/// Whom a family's papers are about.
#[derive(Clone, Debug, Queryable)]
pub struct Who {
    pub file_id: FileId,
    /// Number of the file.
    pub file_no: String,
    pub person_id: PersonId,
    pub name: String,
    /// 乡镇（街道）.
    pub township: String,
    /// 村（社区）.
    pub village: String,
}

/// Whom these families' papers are about.
pub fn people(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<HashMap<FileId, Who>> {
    let mut found = HashMap::with_capacity(files.len());
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<Who> = loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.eq_any(chunk))
            .select((
                loan_file::id,
                loan_file::file_no,
                loan_file::person_id,
                person::name,
                person::township,
                person::village,
            ))
            .load(db)?;
        found.extend(rows.into_iter().map(|who| (who.file_id, who)));
    }
    Ok(found)
}

/// That a batch was handed over.
#[derive(Clone, Debug)]
pub struct Handed {
    pub on: NaiveDate,
    pub by: String,
    pub to: String,
    pub how: String,
    pub receipt: String,
}

/// Writes down that a batch was handed over; `Changed` when somebody was quicker.
pub fn handed(
    db: &mut Db,
    scope: &Scope,
    (id, version): (BatchId, i32),
    handed: &Handed,
) -> AppResult<()> {
    let done = diesel::update(
        sheet_batch::table
            .filter(scope.holds(sheet_batch::office_code))
            .filter(sheet_batch::id.eq(id))
            .filter(sheet_batch::version.eq(version)),
    )
    .set((
        sheet_batch::handed_on.eq(handed.on),
        sheet_batch::handed_by.eq(&handed.by),
        sheet_batch::handed_to.eq(&handed.to),
        sheet_batch::handed_how.eq(&handed.how),
        sheet_batch::receipt.eq(&handed.receipt),
        sheet_batch::version.eq(version + 1),
    ))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// Writes down that a batch was asked for; `Changed` when somebody was quicker.
pub fn chased(
    db: &mut Db,
    scope: &Scope,
    (id, version): (BatchId, i32),
    on: NaiveDate,
) -> AppResult<()> {
    let done = diesel::update(
        sheet_batch::table
            .filter(scope.holds(sheet_batch::office_code))
            .filter(sheet_batch::id.eq(id))
            .filter(sheet_batch::version.eq(version)),
    )
    .set((
        sheet_batch::chased_on.eq(on),
        sheet_batch::chased_times.eq(sheet_batch::chased_times + 1),
        sheet_batch::version.eq(version + 1),
    ))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// Moves sheets that are in state `from` to another; says how many were.
pub fn move_to(
    db: &mut Db,
    scope: &Scope,
    ids: &[SheetId],
    (from, to): (State, State),
    at: NaiveDateTime,
) -> AppResult<usize> {
    let closed_at = (to == State::Accepted).then_some(at);
    let returned_at = (to != State::Out).then_some(at);
    let mut moved = 0;
    for chunk in ids.chunks(BINDS_MAX) {
        let rows = sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq_any(chunk))
            .filter(sheet::state.eq(from));
        let version = sheet::version.eq(sheet::version + 1);
        moved += if from == State::Returned && to == State::Accepted {
            let set = (sheet::state.eq(to), sheet::closed_at.eq(closed_at), version);
            diesel::update(rows).set(set).execute(db)?
        } else {
            let set = (sheet::state.eq(to), sheet::returned_at.eq(returned_at), version);
            diesel::update(rows).set(set).execute(db)?
        };
    }
    Ok(moved)
}

/// Takes a sheet that is out, out of use. False: it is not out any more.
pub fn void(
    db: &mut Db,
    scope: &Scope,
    id: SheetId,
    (why, at): (&str, NaiveDateTime),
) -> AppResult<bool> {
    let done = diesel::update(
        sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq(id))
            .filter(sheet::state.eq(State::Out)),
    )
    .set((
        sheet::state.eq(State::Void),
        sheet::closed_at.eq(at),
        sheet::closed_why.eq(why),
        sheet::version.eq(sheet::version + 1),
    ))
    .execute(db)?;
    Ok(done == 1)
}

/// Takes every sheet of a batch that is out, out of use; says which they were.
pub fn void_all(
    db: &mut Db,
    scope: &Scope,
    batch: BatchId,
    (why, at): (&str, NaiveDateTime),
) -> AppResult<Vec<Sheet>> {
    let mut out = sheets_of(db, scope, batch)?;
    out.retain(|one| one.state == State::Out);
    let mut voided = Vec::with_capacity(out.len());
    for one in out {
        if void(db, scope, one.id, (why, at))? {
            voided.push(one);
        }
    }
    Ok(voided)
}

/// Those of these sheets that are out.
pub fn still_out(db: &mut Db, scope: &Scope, ids: &[SheetId]) -> AppResult<HashSet<SheetId>> {
    let mut found = HashSet::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<SheetId> = sheet::table
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq_any(chunk))
            .filter(sheet::state.eq(State::Out))
            .select(sheet::id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}
