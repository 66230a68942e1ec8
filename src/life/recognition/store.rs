//! SQL of this stage: table `recognition`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{ImportId, PersonId, RowId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::recognition;
use crate::{remove_rows, upsert_rows};

/// One recognition of hardship (困难认定) as an import brought it.
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
#[diesel(table_name = recognition, treat_none_as_default_value = false)]
pub struct Recognition {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub person_id: PersonId,
    /// Calendar year of the recognition.
    pub year: i32,
    /// 一般困难, 困难, 特别困难.
    pub level: String,
    /// 认定时间.
    pub recognised_on: Option<NaiveDate>,
    /// 认定原因.
    pub reason: String,
    /// 班级认定意见.
    pub class_opinion: String,
    /// 年级认定意见.
    pub grade_opinion: String,
    /// The import it came with.
    pub import_id: ImportId,
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Recognition]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        recognition::table,
        10,
        rows,
        key = (recognition::person_id, recognition::year),
        set = (
            recognition::level.eq(excluded(recognition::level)),
            recognition::recognised_on.eq(excluded(recognition::recognised_on)),
            recognition::reason.eq(excluded(recognition::reason)),
            recognition::class_opinion.eq(excluded(recognition::class_opinion)),
            recognition::grade_opinion.eq(excluded(recognition::grade_opinion)),
            recognition::import_id.eq(excluded(recognition::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these people.
pub fn of(db: &mut Db, scope: &Scope, keys: &[PersonId]) -> AppResult<Vec<Recognition>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            recognition::table
                .filter(scope.holds(recognition::office_code))
                .filter(recognition::person_id.any_of(chunk))
                .order(recognition::year.desc())
                .select(Recognition::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Recognition>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            recognition::table
                .filter(scope.holds(recognition::office_code))
                .filter(recognition::id.eq_any(chunk))
                .select(Recognition::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(db, recognition::table, recognition::id, recognition::office_code, scope, ids)?)
}
