//! SQL of this stage. The only file that writes the table `new_stage`.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::rules::State;
use crate::base::ids::FileId;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, new_stage};
use crate::web::waiting::Waiting;

/// A loan file in this stage, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = new_stage)]
pub struct Row {
    pub file_id: FileId,
    /// Whose data this is.
    pub office_code: String,
    pub state: State,
    pub since_on: NaiveDate,
    /// One more with each change: of two people the second is told.
    pub version: i32,
}

pub fn add(db: &mut Db, row: &Row) -> AppResult<()> {
    diesel::insert_into(new_stage::table).values(row).execute(db)?;
    Ok(())
}

/// File numbers that wait for somebody, and since when; the longest wait first.
pub fn open(db: &mut Db, scope: &Scope, most: i64) -> AppResult<Vec<(String, NaiveDate)>> {
    Ok(new_stage::table
        .inner_join(loan_file::table)
        .filter(scope.holds(new_stage::office_code))
        .filter(new_stage::state.eq(State::Open))
        .order((new_stage::since_on, new_stage::file_id))
        .limit(most)
        .select((loan_file::file_no, new_stage::since_on))
        .load(db)?)
}

pub fn count_open(db: &mut Db, scope: &Scope) -> AppResult<i64> {
    Ok(new_stage::table
        .filter(scope.holds(new_stage::office_code))
        .filter(new_stage::state.eq(State::Open))
        .count()
        .get_result(db)?)
}

/// The line of the workbench.
pub fn waiting(db: &mut Db, scope: &Scope, _: &Policy, _: NaiveDate) -> AppResult<Vec<Waiting>> {
    let count = count_open(db, scope)?;
    Ok(vec![Waiting::work(count, "户新阶段待办", "/new-stage")])
}
