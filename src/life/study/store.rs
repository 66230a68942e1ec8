//! SQL of this stage: the table `study_change`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use super::rules::{Change, Kind, State};
use crate::base::ids::{FileId, RowId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::study_change;

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
