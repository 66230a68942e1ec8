//! SQL of this stage: the tables `study_change` and `graduation`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::rules::{Change, Kind, State};
use crate::base::ids::{FileId, ImportId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{graduation, study_change};
use crate::{remove_rows, upsert_rows};

/// One enrolment change (就学信息变更) as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = study_change,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct StudyChange {
    pub id: RowId,
    pub office_code: String,
    pub file_id: FileId,
    pub kind: Kind,
    pub state: State,
    pub happened_on: NaiveDate,
    /// The new 贴息截止日.
    pub ends_on: Option<NaiveDate>,
    /// The 贴息截止日 when it was written.
    pub ended_on: NaiveDate,
    /// The new school and major; empty where they stay.
    pub university: String,
    pub major: String,
    /// What the family brought.
    pub proof: String,
    pub note: String,
    /// Who signed the change sheet; empty: nobody yet.
    pub signed_by: String,
    pub signed_on: Option<NaiveDate>,
    /// Why it went back, was refused or given up.
    pub reason: String,
    pub staff_name: String,
    pub updated_at: NaiveDateTime,
    pub decided_by: String,
    pub decided_at: Option<NaiveDateTime>,
    pub version: i32,
}

impl StudyChange {
    pub fn change(&self) -> Change {
        Change {
            kind: self.kind,
            happened_on: self.happened_on,
            ends_on: self.ends_on,
            university: self.university.clone(),
        }
    }
}

/// One change, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<StudyChange> {
    Ok(study_change::table
        .filter(scope.holds(study_change::office_code))
        .filter(study_change::id.eq(id))
        .select(StudyChange::as_select())
        .get_result(db)?)
}

/// The one of a file that is not decided yet.
pub fn open_of(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<StudyChange>> {
    Ok(study_change::table
        .filter(scope.holds(study_change::office_code))
        .filter(study_change::file_id.eq(file))
        .filter(study_change::state.eq_any([State::Draft, State::Submitted, State::Returned]))
        .select(StudyChange::as_select())
        .get_result(db)
        .optional()?)
}

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn add(db: &mut Db, row: &StudyChange) -> AppResult<()> {
    match diesel::insert_into(study_change::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another change of this file came first".to_owned()))
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub fn replace(db: &mut Db, row: &StudyChange) -> AppResult<()> {
    diesel::update(study_change::table.filter(study_change::id.eq(row.id))).set(row).execute(db)?;
    Ok(())
}

/// One graduation confirmation (毕业确认) as an import brought it.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = graduation, treat_none_as_default_value = false)]
pub struct Graduation {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    /// 就读高校.
    pub university: String,
    /// First day of the month of graduation.
    pub graduated_on: Option<NaiveDate>,
    /// 毕业确认日期.
    pub confirmed_on: Option<NaiveDate>,
    /// 毕业去向.
    pub destination: String,
    /// 贷款笔数 as the list says.
    pub loans: Option<i32>,
    /// 贷款本金合计 as the list says.
    pub principal_fen: Option<Fen>,
    /// 自付利息起始日.
    pub self_pay_from: Option<NaiveDate>,
    /// 备注.
    pub note: String,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Graduation]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        graduation::table,
        12,
        rows,
        key = graduation::file_id,
        set = (
            graduation::university.eq(excluded(graduation::university)),
            graduation::graduated_on.eq(excluded(graduation::graduated_on)),
            graduation::confirmed_on.eq(excluded(graduation::confirmed_on)),
            graduation::destination.eq(excluded(graduation::destination)),
            graduation::loans.eq(excluded(graduation::loans)),
            graduation::principal_fen.eq(excluded(graduation::principal_fen)),
            graduation::self_pay_from.eq(excluded(graduation::self_pay_from)),
            graduation::note.eq(excluded(graduation::note)),
            graduation::import_id.eq(excluded(graduation::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these files.
pub fn of(db: &mut Db, scope: &Scope, keys: &[FileId]) -> AppResult<Vec<Graduation>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            graduation::table
                .filter(scope.holds(graduation::office_code))
                .filter(graduation::file_id.any_of(chunk))
                .order(graduation::file_id)
                .select(Graduation::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Graduation>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            graduation::table
                .filter(scope.holds(graduation::office_code))
                .filter(graduation::id.eq_any(chunk))
                .select(Graduation::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(db, graduation::table, graduation::id, graduation::office_code, scope, ids)?)
}
