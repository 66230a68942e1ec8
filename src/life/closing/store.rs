//! SQL of this stage: the tables `certificate`, `certificate_line`, `archive_entry` and
//! `archive_paper`. No decisions.

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
use crate::plumbing::schema::{archive_entry, archive_paper, certificate, certificate_line};

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

/// Where the papers of a file lie: one file of one family.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = archive_entry,
    primary_key(file_id),
    treat_none_as_default_value = false
)]
pub struct Entry {
    pub file_id: FileId,
    pub office_code: String,
    pub box_name: String,
    /// 件号 within the box, from 1.
    pub number: i32,
    pub archived_by: String,
    pub archived_on: NaiveDate,
    pub version: i32,
}

/// A paper of it, in its place.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = archive_paper, treat_none_as_default_value = false)]
pub struct EntryPaper {
    pub file_id: FileId,
    pub place: i32,
    pub office_code: String,
    pub title: String,
    pub contract_no: String,
    pub on_day: NaiveDate,
    /// 0: it is missing.
    pub pages: i32,
}

pub fn entry(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<Entry>> {
    Ok(archive_entry::table
        .filter(scope.holds(archive_entry::office_code))
        .filter(archive_entry::file_id.eq(file))
        .select(Entry::as_select())
        .get_result(db)
        .optional()?)
}

/// The papers of a file in their order.
pub fn entry_papers(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<EntryPaper>> {
    Ok(archive_paper::table
        .filter(scope.holds(archive_paper::office_code))
        .filter(archive_paper::file_id.eq(file))
        .order(archive_paper::place)
        .select(EntryPaper::as_select())
        .load(db)?)
}

/// The next number in a box.
pub fn next_in_box(db: &mut Db, scope: &Scope, box_name: &str) -> AppResult<i32> {
    let last: Option<i32> = archive_entry::table
        .filter(archive_entry::office_code.eq(scope.own()))
        .filter(archive_entry::box_name.eq(box_name))
        .select(diesel::dsl::max(archive_entry::number))
        .get_result(db)?;
    Ok(last.unwrap_or_default() + 1)
}

/// Keeps an entry with its papers in place of what was there.
pub fn put_entry(db: &mut Db, row: &Entry, is_known: bool, papers: &[EntryPaper]) -> AppResult<()> {
    let done = match is_known {
        true => {
            let one = archive_entry::table.filter(archive_entry::file_id.eq(row.file_id));
            diesel::update(one).set(row).execute(db)
        }
        false => diesel::insert_into(archive_entry::table).values(row).execute(db),
    };
    if let Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = done {
        return Err(AppError::Conflict("another file took this place in the box".to_owned()));
    }
    done?;
    let old = archive_paper::table.filter(archive_paper::file_id.eq(row.file_id));
    diesel::delete(old).execute(db)?;
    crate::insert_rows!(db, archive_paper::table, 7, papers)?;
    Ok(())
}
