//! SQL of this stage: table `preapplication`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::base::ids::{ImportId, PersonId, RowId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::preapplication;
use crate::web::fields::Seen;
use crate::{remove_rows, upsert_rows};

/// One pre-application (预申请), brought by an import or entered by a school.
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
    /// The import it came with; 0: a school entered it.
    pub import_id: ImportId,
    /// 国家助学金 in a year of high school.
    #[serde(default)]
    pub holds_grant: bool,
    /// The school has not handed it in: the county does not see it.
    #[serde(default)]
    pub is_draft: bool,
    /// Who entered it; empty: an import.
    #[serde(default)]
    pub entered_by: String,
    /// Who decided here; empty: nobody has, or a list brought what the county had written.
    #[serde(default)]
    pub decided_by: String,
    #[serde(default)]
    pub decided_at: Option<NaiveDateTime>,
    /// Grows with every change.
    #[serde(default)]
    pub version: i32,
}

impl Preapplication {
    /// A list leaves what was decided here, whatever it says of it; elsewhere it is silent only
    /// when it says nothing.
    pub fn replaced_by(&self, fresh: &mut Preapplication) {
        if fresh.county_opinion.is_empty() || !self.decided_by.is_empty() {
            fresh.county_opinion.clone_from(&self.county_opinion);
        }
        fresh.holds_grant |= self.holds_grant;
        fresh.entered_by.clone_from(&self.entered_by);
        fresh.decided_by.clone_from(&self.decided_by);
        fresh.decided_at = self.decided_at;
        fresh.version = self.version;
    }

    /// The same without what changes by itself.
    #[must_use]
    pub fn without_version(self) -> Preapplication {
        Preapplication { version: 0, ..self }
    }
}

/// Records rows; one that is there already (same key) takes the new details and grows older.
pub fn put_all(db: &mut Db, rows: &[Preapplication]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        preapplication::table,
        17,
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
            preapplication::holds_grant.eq(excluded(preapplication::holds_grant)),
            preapplication::is_draft.eq(excluded(preapplication::is_draft)),
            preapplication::entered_by.eq(excluded(preapplication::entered_by)),
            preapplication::decided_by.eq(excluded(preapplication::decided_by)),
            preapplication::decided_at.eq(excluded(preapplication::decided_at)),
            preapplication::version.eq(preapplication::version + 1),
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

/// Adds one. Somebody else who was first makes the write run again, which then sees theirs.
pub fn add(db: &mut Db, row: &Preapplication) -> AppResult<()> {
    match diesel::insert_into(preapplication::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(AppError::Conflict("another school entered this student first".to_owned()))
        }
        other => Ok(other.map(|_| ())?),
    }
}

/// The candidates of a school in a year, who holds a grant first.
pub fn of_school(
    db: &mut Db,
    scope: &Scope,
    (school, year): (&str, i32),
) -> AppResult<Vec<Preapplication>> {
    Ok(preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::high_school.eq(school))
        .filter(preapplication::year.eq(year))
        .order((preapplication::holds_grant.desc(), preapplication::class_name, preapplication::id))
        .select(Preapplication::as_select())
        .load(db)?)
}

/// One row, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Preapplication> {
    Ok(preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::id.eq(id))
        .select(Preapplication::as_select())
        .get_result(db)?)
}

/// What the county decides, who and when; nobody when it is taken back.
pub type Decided<'a> = (&'a str, &'a str, Option<NaiveDateTime>);

/// Writes a decision of the county.
///
/// # Errors
/// [`AppError::Changed`] when somebody has changed the row since it was seen.
pub fn decide(
    db: &mut Db,
    scope: &Scope,
    seen: Seen<RowId>,
    (opinion, by, at): Decided<'_>,
) -> AppResult<()> {
    let changed = diesel::update(
        preapplication::table
            .filter(scope.holds(preapplication::office_code))
            .filter(preapplication::id.eq(seen.id))
            .filter(preapplication::version.eq(seen.version)),
    )
    .set((
        preapplication::county_opinion.eq(opinion),
        preapplication::decided_by.eq(by),
        preapplication::decided_at.eq(at),
        preapplication::version.eq(seen.version + 1),
    ))
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
