//! Jobs that an office has paused. The only file that writes the table `job_pause`. Days that
//! pass in a pause are not made up for.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::job_pause;

/// A job that an office has paused.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_pause)]
pub struct Pause {
    pub office_code: String,
    pub job: String,
    pub since: NaiveDateTime,
    pub by_name: String,
    pub reason: String,
}

/// The pauses of these offices, by job.
pub fn of_offices(db: &mut Db, scope: &Scope) -> AppResult<HashMap<String, Pause>> {
    let rows: Vec<Pause> = job_pause::table
        .filter(scope.holds(job_pause::office_code))
        .select(Pause::as_select())
        .load(db)?;
    Ok(rows.into_iter().map(|row| (row.job.clone(), row)).collect())
}

/// The offices for which a job is paused.
pub fn offices_without(db: &mut Db, job: &str) -> AppResult<Vec<String>> {
    Ok(job_pause::table.filter(job_pause::job.eq(job)).select(job_pause::office_code).load(db)?)
}

/// Pauses a job for an office. False: it was paused already.
pub fn begin(db: &mut Db, pause: &Pause) -> AppResult<bool> {
    let there: i64 =
        job_pause::table.find((&pause.office_code, &pause.job)).count().get_result(db)?;
    if there > 0 {
        return Ok(false);
    }
    diesel::insert_into(job_pause::table).values(pause).execute(db)?;
    Ok(true)
}

/// Lets a job run again for an office. False: it was not paused.
pub fn end(db: &mut Db, office_code: &str, job: &str) -> AppResult<bool> {
    Ok(diesel::delete(job_pause::table.find((office_code, job))).execute(db)? > 0)
}
