//! SQL of this stage: table `preapplication`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{ImportId, PersonId, RowId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::preapplication;
use crate::{remove_rows, upsert_rows};

/// One pre-application (预申请) as an import brought it.
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
#[diesel(table_name = preapplication, treat_none_as_default_value = false)]
pub struct Preapplication {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    /// The student; not yet a borrower.
    pub person_id: PersonId,
    pub year: i32,
    /// 毕业高中.
    pub high_school: String,
    /// 班级.
    pub class_name: String,
    /// 家庭类型.
    pub family_kind: String,
    /// 申请日期.
    pub applied_on: Option<NaiveDate>,
    /// 学校审核意见.
    pub school_opinion: String,
    /// 县级资助中心审核意见.
    pub county_opinion: String,
    /// The import it came with.
    pub import_id: ImportId,
}

impl Preapplication {
    /// A list that says nothing of the county's opinion leaves what was decided here.
    pub fn replaced_by(&self, fresh: &mut Preapplication) {
        if fresh.county_opinion.is_empty() {
            fresh.county_opinion.clone_from(&self.county_opinion);
        }
    }
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Preapplication]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        preapplication::table,
        11,
        rows,
        key = (preapplication::person_id, preapplication::year),
        set = (
            preapplication::high_school.eq(excluded(preapplication::high_school)),
            preapplication::class_name.eq(excluded(preapplication::class_name)),
            preapplication::family_kind.eq(excluded(preapplication::family_kind)),
            preapplication::applied_on.eq(excluded(preapplication::applied_on)),
            preapplication::school_opinion.eq(excluded(preapplication::school_opinion)),
            preapplication::county_opinion.eq(excluded(preapplication::county_opinion)),
            preapplication::import_id.eq(excluded(preapplication::import_id)),
        )
    )?;
    Ok(())
}

/// The rows of these people.
pub fn of(db: &mut Db, scope: &Scope, keys: &[PersonId]) -> AppResult<Vec<Preapplication>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(BINDS_MAX) {
        found.extend(
            preapplication::table
                .filter(scope.holds(preapplication::office_code))
                .filter(preapplication::person_id.any_of(chunk))
                .order(preapplication::year.desc())
                .select(Preapplication::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The rows with these identities, by identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Preapplication>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            preapplication::table
                .filter(scope.holds(preapplication::office_code))
                .filter(preapplication::id.eq_any(chunk))
                .select(Preapplication::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// What the county decides, when nobody has decided since `before` was read.
pub fn set_opinion(
    db: &mut Db,
    scope: &Scope,
    (id, before): (RowId, &str),
    opinion: &str,
) -> AppResult<()> {
    let changed = diesel::update(
        preapplication::table
            .filter(scope.holds(preapplication::office_code))
            .filter(preapplication::id.eq(id))
            .filter(preapplication::county_opinion.eq(before)),
    )
    .set(preapplication::county_opinion.eq(opinion))
    .execute(db)?;
    if changed == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(
        db,
        preapplication::table,
        preapplication::id,
        preapplication::office_code,
        scope,
        ids
    )?)
}
