//! While a large import is being posted something changes at every moment. Pages that would work
//! everything out anew at each of them show what was worked out before, and say so.

use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::import_job;

/// Rows of an import from which on a page does not wait for it.
const LARGE: i32 = 5_000;
/// What is worked out over many rows may be as old as this meanwhile.
pub const PATIENCE: Duration = Duration::from_secs(600);
/// What a page says of its figures then.
pub const NOTE: &str = "正在导入数据，人数和金额在导入完成后更新";

/// The same while one is being checked, which changes no figure, but the database.
const PATIENCE_CHECKING: Duration = Duration::from_secs(30);

/// How old a figure may be now: nothing while no large import is being checked or posted.
pub fn patience(db: &mut Db, scope: &Scope) -> AppResult<Option<Duration>> {
    let states: Vec<String> = import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::rows_total.ge(LARGE))
        .filter(import_job::state.eq_any(["checking", "posting"]))
        .select(import_job::state)
        .load(db)?;
    let is_posting = states.iter().any(|state| state == "posting");
    let checking = (!states.is_empty()).then_some(PATIENCE_CHECKING);
    Ok(if is_posting { Some(PATIENCE) } else { checking })
}

/// States of the large imports that are being posted, or were since `then`.
pub fn posted_since(db: &mut Db, scope: &Scope, then: NaiveDateTime) -> AppResult<Vec<String>> {
    let posted = import_job::state.eq("posted").and(import_job::updated_at.ge(then));
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::rows_total.ge(LARGE))
        .filter(import_job::state.eq("posting").or(posted))
        .select(import_job::state)
        .load(db)?)
}
