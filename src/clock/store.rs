//! Runs of jobs as rows. The only file that writes the table `job_run`. A run belongs to whoever
//! changed its row from free to leased (row count 1 wins): two instances never both have it.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::Counts;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::job_run;

/// Where a run is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    diesel::deserialize::FromSqlRow,
    diesel::expression::AsExpression,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum RunState {
    /// Somebody has it, as long as the lease lasts.
    Running,
    Done,
    /// It did not; it is tried again.
    Failed,
    /// It did not, too often; somebody must look.
    GaveUp,
}

impl RunState {
    /// As kept in the database.
    pub const fn as_text(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Done => "done",
            RunState::Failed => "failed",
            RunState::GaveUp => "gave_up",
        }
    }

    /// The state a text names.
    pub fn from_text(text: &str) -> Option<RunState> {
        [RunState::Running, RunState::Done, RunState::Failed, RunState::GaveUp]
            .into_iter()
            .find(|state| state.as_text() == text)
    }
}

crate::base::ids::sql_text!(RunState);

/// The row of a job that runs every few minutes.
pub(super) const OFTEN: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// One run, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_run, treat_none_as_default_value = false)]
pub struct Run {
    pub job: String,
    /// For which day; 1970-01-01 of a job that runs every few minutes.
    pub planned_for: NaiveDate,
    pub state: RunState,
    /// Tries since it last went well.
    pub attempts: i32,
    /// Until when its holder has it.
    pub leased_until: Option<NaiveDateTime>,
    pub leased_by: String,
    /// When a failed one is tried again.
    pub next_try_at: Option<NaiveDateTime>,
    /// When the last try began.
    pub started_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    /// Rows something was done to.
    pub done_count: i64,
    pub skipped_count: i64,
    pub failed_count: i64,
    /// What it did, one Chinese sentence.
    pub note: String,
    pub problem: String,
}

/// Who takes a run, when, and until when without a sign of life.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Names the program instance.
    pub by: String,
    /// The instant of the claim; names this try.
    pub at: NaiveDateTime,
    /// End of the lease.
    pub until: NaiveDateTime,
    /// Which try it is.
    pub attempts: i32,
}

/// Takes the run, if it is still as it was `seen`. False: somebody else was quicker.
pub fn claim(
    db: &mut Db,
    job: &str,
    planned_for: NaiveDate,
    seen: Option<&Run>,
    claim: &Claim,
) -> AppResult<bool> {
    let Some(seen) = seen else {
        let row = Run {
            job: job.to_owned(),
            planned_for,
            state: RunState::Running,
            attempts: claim.attempts,
            leased_until: Some(claim.until),
            leased_by: claim.by.clone(),
            next_try_at: None,
            started_at: claim.at,
            ended_at: None,
            done_count: 0,
            skipped_count: 0,
            failed_count: 0,
            note: String::new(),
            problem: String::new(),
        };
        let inserted = crate::both!(&mut *db, c => diesel::RunQueryDsl::execute(
            diesel::insert_into(job_run::table).values(&row).on_conflict_do_nothing(),
            c
        ))?;
        return Ok(inserted == 1);
    };
    let taken = diesel::update(
        job_run::table
            .find((job, planned_for))
            .filter(job_run::state.eq(seen.state))
            .filter(job_run::attempts.eq(seen.attempts))
            .filter(job_run::started_at.eq(seen.started_at))
            .filter(job_run::leased_by.eq(&seen.leased_by)),
    )
    .set((
        job_run::state.eq(RunState::Running),
        job_run::attempts.eq(claim.attempts),
        job_run::leased_until.eq(claim.until),
        job_run::leased_by.eq(&claim.by),
        job_run::next_try_at.eq(None::<NaiveDateTime>),
        job_run::started_at.eq(claim.at),
        job_run::ended_at.eq(None::<NaiveDateTime>),
    ))
    .execute(db)?;
    Ok(taken == 1)
}

/// Lengthens the lease of a run that goes on. False: it is not ours any more.
pub fn renew(
    db: &mut Db,
    job: &str,
    planned_for: NaiveDate,
    claim: &Claim,
    until: NaiveDateTime,
) -> AppResult<bool> {
    let renewed = diesel::update(
        job_run::table
            .find((job, planned_for))
            .filter(job_run::state.eq(RunState::Running))
            .filter(job_run::leased_by.eq(&claim.by))
            .filter(job_run::started_at.eq(claim.at)),
    )
    .set(job_run::leased_until.eq(until))
    .execute(db)?;
    Ok(renewed == 1)
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct End {
    /// Done, failed or given up.
    pub state: RunState,
    pub at: NaiveDateTime,
    pub counts: Counts,
    pub problem: String,
    /// When it is tried again.
    pub next_try_at: Option<NaiveDateTime>,
}

/// Writes down how the run ended. False: the lease ran out meanwhile and somebody else has it.
pub fn finish_run(
    db: &mut Db,
    job: &str,
    planned_for: NaiveDate,
    claim: &Claim,
    end: &End,
) -> AppResult<bool> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let settled = diesel::update(
        job_run::table
            .find((job, planned_for))
            .filter(job_run::state.eq(RunState::Running))
            .filter(job_run::leased_by.eq(&claim.by))
            .filter(job_run::started_at.eq(claim.at)),
    )
    .set((
        job_run::state.eq(end.state),
        job_run::leased_until.eq(None::<NaiveDateTime>),
        job_run::next_try_at.eq(end.next_try_at),
        job_run::ended_at.eq(end.at),
        job_run::done_count.eq(count(end.counts.done)),
        job_run::skipped_count.eq(count(end.counts.skipped)),
        job_run::failed_count.eq(count(end.counts.failed)),
        job_run::note.eq(&end.counts.note),
        job_run::problem.eq(&end.problem),
    ))
    .execute(db)?;
    Ok(settled == 1)
}

/// Ends every run that counts as running, in a copy that was put back: whoever had it is not there
/// any more. The run that has made the copy itself is done; the others are free to begin anew.
pub fn interrupt_all(db: &mut Db, copied_by: &str, at: NaiveDateTime) -> AppResult<usize> {
    let nobody = (job_run::leased_until.eq(None::<NaiveDateTime>), job_run::leased_by.eq(""));
    let copied = diesel::update(
        job_run::table
            .filter(job_run::state.eq(RunState::Running))
            .filter(job_run::job.eq(copied_by)),
    )
    .set((
        nobody,
        job_run::state.eq(RunState::Done),
        job_run::ended_at.eq(at),
        job_run::note.eq("已做好，现在的数据就是从这份备份恢复的"),
    ))
    .execute(db)?;
    let broken_off = diesel::update(job_run::table.filter(job_run::state.eq(RunState::Running)))
        .set((
            nobody,
            job_run::state.eq(RunState::Failed),
            job_run::ended_at.eq(at),
            job_run::problem.eq("做到一半时数据库从备份恢复，重新做"),
        ))
        .execute(db)?;
    Ok(copied + broken_off)
}

/// The run of a day.
pub fn find(db: &mut Db, job: &str, planned_for: NaiveDate) -> AppResult<Option<Run>> {
    Ok(job_run::table
        .find((job, planned_for))
        .select(Run::as_select())
        .get_result(db)
        .optional()?)
}

/// All runs for days from `from` on, and the one row of each job that runs every few minutes.
pub fn since(db: &mut Db, from: NaiveDate) -> AppResult<Vec<Run>> {
    let often = OFTEN;
    Ok(job_run::table
        .filter(job_run::planned_for.ge(from).or(job_run::planned_for.eq(often)))
        .select(Run::as_select())
        .load(db)?)
}

/// The runs of one job, newest day first.
pub fn of_job(db: &mut Db, job: &str, limit: i64) -> AppResult<Vec<Run>> {
    Ok(job_run::table
        .filter(job_run::job.eq(job))
        .order(job_run::planned_for.desc())
        .limit(limit)
        .select(Run::as_select())
        .load(db)?)
}

/// When each job last went well.
pub fn last_successes(db: &mut Db) -> AppResult<Vec<(String, Option<NaiveDateTime>)>> {
    Ok(job_run::table
        .filter(job_run::state.eq(RunState::Done))
        .group_by(job_run::job)
        .select((job_run::job, diesel::dsl::max(job_run::ended_at)))
        .load(db)?)
}

/// Removes settled runs for days before this one; a job that runs often keeps its row.
pub fn forget_before(db: &mut Db, day: NaiveDate) -> AppResult<usize> {
    Ok(diesel::delete(
        job_run::table
            .filter(job_run::planned_for.lt(day))
            .filter(job_run::planned_for.ne(OFTEN))
            .filter(job_run::state.ne(RunState::Running)),
    )
    .execute(db)?)
}
