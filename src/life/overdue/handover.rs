//! All that one person has on the ladder, and giving it to a colleague: for whoever leaves.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::kinds::State;
use super::owner;
use crate::base::ids::{CaseId, FileId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::staff::Staff;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, overdue_case, person};
use crate::web::fields::Seen;

/// A case that somebody has, as far as whoever takes it over must know of it.
#[derive(Clone, Debug, Queryable)]
pub struct Owned {
    pub id: CaseId,
    pub version: i32,
    pub file_id: FileId,
    pub file_no: String,
    pub name: String,
    pub township: String,
    pub next_on: NaiveDate,
    pub promised_on: Option<NaiveDate>,
    /// How much, when they said.
    pub promised_fen: Option<Fen>,
}

/// The cases of somebody that are not over, township by township.
pub fn owned_by(db: &mut Db, scope: &Scope, owner: StaffId) -> AppResult<Vec<Owned>> {
    Ok(overdue_case::table
        .inner_join(loan_file::table)
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne(State::Closed))
        .filter(overdue_case::owner_id.eq(owner))
        .order((person::township, loan_file::file_no))
        .select((
            overdue_case::id,
            overdue_case::version,
            overdue_case::file_id,
            loan_file::file_no,
            person::name,
            person::township,
            overdue_case::next_on,
            overdue_case::promised_on,
            overdue_case::promised_fen,
        ))
        .load(db)?)
}

/// Gives these cases, read in the same write, to a colleague.
pub fn give(act: &mut Act<'_>, cases: &[Owned], to: &Staff) -> AppResult<()> {
    let seen: Vec<Seen<CaseId>> =
        cases.iter().map(|case| Seen { id: case.id, version: case.version }).collect();
    let outcome = owner::set(act, &seen, to)?;
    if outcome.left.is_empty() { Ok(()) } else { Err(AppError::Changed) }
}

/// Of these people those who have a case that is not over.
pub fn owners_among(db: &mut Db, scope: &Scope, of: &[StaffId]) -> AppResult<Vec<StaffId>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<Option<StaffId>> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne(State::Closed))
        .filter(overdue_case::owner_id.eq_any(of))
        .select(overdue_case::owner_id)
        .distinct()
        .load(db)?;
    Ok(found.into_iter().flatten().collect())
}
