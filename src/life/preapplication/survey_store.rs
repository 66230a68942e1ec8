//! SQL of 需求调查: table `demand_survey`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::demand_survey;

/// What the Grade 12 of a high school said in a year.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = demand_survey)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Survey {
    pub office_code: String,
    pub year: i32,
    pub high_school: String,
    /// Who were questioned; of them some want a loan, some do not know yet.
    pub pupils: i32,
    pub willing: i32,
    pub undecided: i32,
    /// What they would need together; none: not said.
    pub expected_fen: Option<Fen>,
    pub reported_by: String,
    pub reported_on: NaiveDate,
    pub version: i32,
}

/// What a school has reported; none: nothing yet.
pub fn find(db: &mut Db, scope: &Scope, (school, year): (&str, i32)) -> AppResult<Option<Survey>> {
    Ok(demand_survey::table
        .filter(scope.holds(demand_survey::office_code))
        .filter(demand_survey::year.eq(year))
        .filter(demand_survey::high_school.eq(school))
        .select(Survey::as_select())
        .first(db)
        .optional()?)
}

/// All that was reported of a year.
pub fn all(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<Survey>> {
    Ok(demand_survey::table
        .filter(scope.holds(demand_survey::office_code))
        .filter(demand_survey::year.eq(year))
        .order(demand_survey::high_school)
        .select(Survey::as_select())
        .load(db)?)
}

/// Keeps a report; `row.version` is the version it was changed from, 0 for the first time.
///
/// # Errors
/// [`AppError::Changed`] when somebody was first.
pub fn keep(db: &mut Db, row: &Survey) -> AppResult<()> {
    let made = Survey { version: row.version + 1, ..row.clone() };
    if row.version == 0 {
        return match diesel::insert_into(demand_survey::table).values(&made).execute(db) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(AppError::Conflict("this school was reported first by another".to_owned()))
            }
            other => Ok(other.map(|_| ())?),
        };
    }
    let seen = demand_survey::table
        .filter(demand_survey::office_code.eq(&row.office_code))
        .filter(demand_survey::year.eq(row.year))
        .filter(demand_survey::high_school.eq(&row.high_school))
        .filter(demand_survey::version.eq(row.version));
    match diesel::update(seen).set(&made).execute(db)? {
        0 => Err(AppError::Changed),
        _ => Ok(()),
    }
}
