//! SQL of this stage: the tables `certificate` and `certificate_line`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use serde::Serialize;

use super::rules::{Kind, State};
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{certificate, certificate_line};

/// A numbered paper about contracts that are paid off.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = certificate,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct Certificate {
    pub id: RowId,
    pub office_code: String,
    pub file_id: FileId,
    /// Of this contract alone; none: of all of the file.
    pub loan_id: Option<LoanId>,
    pub kind: Kind,
    pub number: String,
    /// Empty on a letter, which only the bank's stamp makes valid.
    pub check_code: String,
    pub check_key: Option<String>,
    /// Text of a [`super::rules::Cause`]; of a letter only.
    pub cause: String,
    pub state: State,
    pub issued_on: NaiveDate,
    pub issued_by: String,
    /// 1: never issued again.
    pub copies: i32,
    /// Why it was issued again, or is void.
    pub reason: String,
    pub voided_by: String,
    pub voided_at: Option<NaiveDateTime>,
    pub updated_at: NaiveDateTime,
    pub version: i32,
}

/// A contract on it, as it was on the day of issue.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = certificate_line, treat_none_as_default_value = false)]
pub struct Line {
    #[serde(skip)]
    pub certificate_id: RowId,
    #[serde(skip)]
    pub loan_id: LoanId,
    #[serde(skip)]
    pub office_code: String,
    pub contract_no: String,
    pub loan_year: i32,
    pub disbursed_fen: Fen,
    pub settled_on: NaiveDate,
}

/// One certificate, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Certificate> {
    Ok(certificate::table
        .filter(scope.holds(certificate::office_code))
        .filter(certificate::id.eq(id))
        .select(Certificate::as_select())
        .get_result(db)?)
}

/// All of a file, newest first; void ones, too.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<Certificate>> {
    Ok(certificate::table
        .filter(scope.holds(certificate::office_code))
        .filter(certificate::file_id.eq(file))
        .order(certificate::id.desc())
        .select(Certificate::as_select())
        .load(db)?)
}

/// The contracts on one, in the order of their years.
pub fn lines(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Vec<Line>> {
    Ok(certificate_line::table
        .filter(scope.holds(certificate_line::office_code))
        .filter(certificate_line::certificate_id.eq(id))
        .order((certificate_line::loan_year, certificate_line::loan_id))
        .select(Line::as_select())
        .load(db)?)
}

/// State and day of issue of the one with this key, in whichever office.
pub fn by_key(db: &mut Db, key: &str) -> AppResult<Option<(State, NaiveDate)>> {
    Ok(certificate::table
        .filter(certificate::check_key.eq(key))
        .select((certificate::state, certificate::issued_on))
        .get_result(db)
        .optional()?)
}

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn add(db: &mut Db, row: &Certificate, lines: &[Line]) -> AppResult<()> {
    match diesel::insert_into(certificate::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another certificate of this contract came first".to_owned()))
        }
        Err(other) => Err(other.into()),
        Ok(_) => {
            crate::insert_rows!(db, certificate_line::table, 7, lines)?;
            Ok(())
        }
    }
}

pub fn replace(db: &mut Db, row: &Certificate) -> AppResult<()> {
    let one = certificate::table.filter(certificate::id.eq(row.id));
    diesel::update(one).set(row).execute(db)?;
    Ok(())
}
