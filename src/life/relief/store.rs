//! SQL of this stage: the tables `relief` and `relief_line`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::rules::{Applicant, State};
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{relief, relief_line};

/// One application as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = relief,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct Relief {
    pub id: RowId,
    pub office_code: String,
    pub file_id: FileId,
    /// Code of a class of `policies/relief/`.
    pub class: String,
    pub class_name: String,
    pub applicant: Applicant,
    pub applicant_name: String,
    /// When it happened; of an illness or a low income: when it began.
    pub happened_on: NaiveDate,
    pub cost_fen: Option<Fen>,
    pub note: String,
    pub state: State,
    pub applied_on: NaiveDate,
    /// When it was sent to the city.
    pub city_on: Option<NaiveDate>,
    /// When the city agreed and sent it to the province.
    pub province_on: Option<NaiveDate>,
    /// When the province agreed.
    pub granted_on: Option<NaiveDate>,
    /// 文号 of what the province has agreed to.
    pub document: String,
    pub paid_on: Option<NaiveDate>,
    /// Why it went back, was refused or withdrawn.
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub version: i32,
}

/// What is requested for a contract, and what was paid.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = relief_line,
    primary_key(relief_id, loan_id),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct Line {
    pub relief_id: RowId,
    pub loan_id: LoanId,
    pub office_code: String,
    pub asked_fen: Fen,
    pub paid_fen: Option<Fen>,
    pub posting_id: Option<RowId>,
}

/// One application, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Relief> {
    Ok(relief::table
        .filter(scope.holds(relief::office_code))
        .filter(relief::id.eq(id))
        .select(Relief::as_select())
        .get_result(db)?)
}

/// All of a file, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<Relief>> {
    Ok(relief::table
        .filter(scope.holds(relief::office_code))
        .filter(relief::file_id.eq(file))
        .order(relief::id.desc())
        .select(Relief::as_select())
        .load(db)?)
}

/// The contracts of one, in their order.
pub fn lines(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Vec<Line>> {
    Ok(relief_line::table
        .filter(scope.holds(relief_line::office_code))
        .filter(relief_line::relief_id.eq(id))
        .order(relief_line::loan_id)
        .select(Line::as_select())
        .load(db)?)
}

/// The application whose money a posting is.
pub fn of_posting(db: &mut Db, scope: &Scope, posting: RowId) -> AppResult<Option<RowId>> {
    Ok(relief_line::table
        .filter(scope.holds(relief_line::office_code))
        .filter(relief_line::posting_id.eq(posting))
        .select(relief_line::relief_id)
        .get_result(db)
        .optional()?)
}

/// What the fund has paid, with the day.
pub fn paid(db: &mut Db, scope: &Scope) -> AppResult<Vec<(NaiveDate, Fen)>> {
    Ok(relief_line::table
        .inner_join(relief::table)
        .filter(scope.holds(relief::office_code))
        .filter(relief::state.eq(State::Paid))
        .filter(relief::paid_on.is_not_null())
        .filter(relief_line::paid_fen.is_not_null())
        .select((relief::paid_on.assume_not_null(), relief_line::paid_fen.assume_not_null()))
        .load(db)?)
}

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn add(db: &mut Db, row: &Relief, lines: &[Line]) -> AppResult<()> {
    match diesel::insert_into(relief::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another application of this file came first".to_owned()))
        }
        Err(other) => Err(other.into()),
        Ok(_) => {
            crate::insert_rows!(db, relief_line::table, 6, lines)?;
            Ok(())
        }
    }
}

pub fn replace(db: &mut Db, row: &Relief) -> AppResult<()> {
    diesel::update(relief::table.filter(relief::id.eq(row.id))).set(row).execute(db)?;
    Ok(())
}

pub fn replace_line(db: &mut Db, row: &Line) -> AppResult<()> {
    let one = relief_line::table
        .filter(relief_line::relief_id.eq(row.relief_id))
        .filter(relief_line::loan_id.eq(row.loan_id));
    diesel::update(one).set(row).execute(db)?;
    Ok(())
}
