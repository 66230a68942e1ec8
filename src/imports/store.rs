//! SQL of imports: tables `import_job`, `import_file`, `import_row`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::ids::{ImportId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{import_file, import_job, import_row};
use crate::upsert_rows;

/// In `differences`: posted, and not yet held against the bank's figures.
pub const NOT_COMPARED: i32 = -1;

/// One uploaded sheet and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_job, treat_none_as_default_value = false)]
pub struct ImportJob {
    pub id: ImportId,
    /// Whose data this is.
    pub office_code: String,
    pub staff_id: StaffId,
    /// Name of the file as uploaded.
    pub file_name: String,
    /// Name on the tab; empty for CSV.
    pub sheet_name: String,
    /// Key of the layout.
    pub layout: String,
    /// Product of the contracts in it.
    pub product: String,
    /// The day its balances are of.
    pub as_of: Option<NaiveDate>,
    /// `uploaded`, `checking`, `checked`, `posting`, `stopped`, `posted`, `failed`, `dropped`.
    pub state: String,
    /// SHA-256 of the file.
    pub content_hash: Vec<u8>,
    /// Lines below the headings.
    pub rows_total: i32,
    /// Lines done in the step that is running.
    pub rows_done: i32,
    /// Rows that are new.
    pub new_rows: i32,
    /// Rows that are stored already, just so.
    pub same_rows: i32,
    /// Rows that change something stored.
    pub changed_rows: i32,
    /// Rows that cannot be taken.
    pub refused_rows: i32,
    /// Blank lines, headings again, totals, repeated lines.
    pub skipped_rows: i32,
    /// Figures of the bank that differ from ours, found at the end; or [`NOT_COMPARED`].
    pub differences: i32,
    /// Why it failed, in Chinese.
    pub problem: String,
    /// Somebody asked to stop.
    pub stop_wanted: bool,
    /// Until when a running instance holds it.
    pub leased_until: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
    /// When it last moved.
    pub updated_at: NaiveDateTime,
    /// Which heading is read as which column ([`super::read::Columns`]).
    pub bindings: String,
    /// What is out of the ordinary about the sheet ([`super::findings::Finding`]).
    pub findings: String,
    /// Somebody has seen the findings and wants it posted all the same.
    pub confirmed: bool,
    /// When it was undone as a whole; `posted` stays, as what once was.
    pub undone_at: Option<NaiveDateTime>,
    /// By whom, as pages show it.
    pub undone_by: String,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_row, treat_none_as_default_value = false)]
pub struct ImportRow {
    pub import_id: ImportId,
    /// The line as a spreadsheet program shows it.
    pub line: i32,
    /// `new`, `same`, `changed`, `refused`, `skipped`.
    pub outcome: String,
    /// True once it is in the books (or known to need nothing).
    pub posted: bool,
    /// Remarks in Chinese, one a line. No full numbers.
    pub notes: String,
    /// Whom it is about; blank when that cannot be read.
    pub name: String,
    /// The amount that tells most about it.
    pub amount_fen: Option<Fen>,
    /// Somebody should look at it.
    pub warned: bool,
}

pub fn insert(db: &mut Db, job: &ImportJob) -> AppResult<()> {
    diesel::insert_into(import_job::table).values(job).execute(db)?;
    Ok(())
}

/// Keeps the file of an import, for all sheets of the file: at one of them.
pub fn keep_file(db: &mut Db, id: ImportId, content_sealed: &[u8]) -> AppResult<()> {
    diesel::insert_into(import_file::table)
        .values((import_file::import_id.eq(id), import_file::content_sealed.eq(content_sealed)))
        .execute(db)?;
    Ok(())
}

/// Imports from the same file that came with this one and are not put away, itself among them.
fn of_same_file(db: &mut Db, id: ImportId) -> AppResult<Vec<ImportId>> {
    let came: (StaffId, NaiveDateTime, Vec<u8>) = import_job::table
        .find(id)
        .select((import_job::staff_id, import_job::created_at, import_job::content_hash))
        .get_result(db)?;
    Ok(import_job::table
        .filter(import_job::staff_id.eq(came.0))
        .filter(import_job::created_at.eq(came.1))
        .filter(import_job::content_hash.eq(came.2))
        .filter(import_job::state.ne("dropped").or(import_job::id.eq(id)))
        .select(import_job::id)
        .load(db)?)
}

/// One import, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: ImportId) -> AppResult<ImportJob> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::id.eq(id))
        .select(ImportJob::as_select())
        .first(db)?)
}

/// The newest imports, those before `before` when given.
pub fn list(
    db: &mut Db,
    scope: &Scope,
    before: Option<ImportId>,
    limit: i64,
) -> AppResult<Vec<ImportJob>> {
    let mut query = import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::state.ne("dropped"))
        .order(import_job::id.desc())
        .limit(limit)
        .select(ImportJob::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(import_job::id.lt(before));
    }
    Ok(query.load(db)?)
}

/// Imports of any of these states, oldest first.
pub fn in_states(db: &mut Db, scope: &Scope, states: &[&str]) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::state.eq_any(states))
        .order(import_job::id)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// Imports that were running and whose holder is gone, over all offices: to be taken up again.
pub fn abandoned(db: &mut Db, now: NaiveDateTime) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(import_job::state.eq_any(["checking", "posting"]))
        .filter(import_job::leased_until.is_null().or(import_job::leased_until.lt(now)))
        .order(import_job::id)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// Imports that have not come to their end: all but those in the books and those put away.
pub fn open_jobs(db: &mut Db, scope: &Scope) -> AppResult<Vec<ImportJob>> {
    in_states(db, scope, &["uploaded", "checking", "checked", "posting", "stopped", "failed"])
}

/// Posted imports that were not held against the bank's figures, over all offices.
pub fn unsettled(db: &mut Db) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(import_job::state.eq("posted"))
        .filter(import_job::differences.eq(NOT_COMPARED))
        .order(import_job::id)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// The imports that were uploaded together with `job`, itself among them.
pub fn siblings(db: &mut Db, scope: &Scope, job: &ImportJob) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::staff_id.eq(job.staff_id))
        .filter(import_job::created_at.eq(job.created_at))
        .filter(import_job::state.ne("dropped"))
        .order(import_job::id)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// Puts an import in line for `state` (`checking`, `posting`). False when it is not in one of
/// these states any more.
pub fn enqueue(
    db: &mut Db,
    scope: &Scope,
    id: ImportId,
    from_states: &[&str],
    state: &str,
    now: NaiveDateTime,
) -> AppResult<bool> {
    let put = diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id))
            .filter(import_job::state.eq_any(from_states)),
    )
    .set((
        import_job::state.eq(state),
        import_job::leased_until.eq(None::<NaiveDateTime>),
        import_job::stop_wanted.eq(false),
        import_job::problem.eq(""),
        import_job::updated_at.eq(now),
    ))
    .execute(db)?;
    Ok(put == 1)
}

/// Takes an import that waits in line, held by nobody, out of it again. False when it is not.
pub fn dequeue(db: &mut Db, scope: &Scope, id: ImportId, now: NaiveDateTime) -> AppResult<bool> {
    let mut out = 0;
    for (from, to) in [("checking", "uploaded"), ("posting", "stopped")] {
        out += diesel::update(
            import_job::table
                .filter(scope.holds(import_job::office_code))
                .filter(import_job::id.eq(id))
                .filter(import_job::state.eq(from))
                .filter(import_job::leased_until.is_null().or(import_job::leased_until.lt(now))),
        )
        .set((import_job::state.eq(to), import_job::updated_at.eq(now)))
        .execute(db)?;
    }
    Ok(out == 1)
}

/// Sets of which day the balances of a sheet are.
pub fn set_as_of(db: &mut Db, scope: &Scope, id: ImportId, day: NaiveDate) -> AppResult<()> {
    diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id)),
    )
    .set(import_job::as_of.eq(Some(day)))
    .execute(db)?;
    Ok(())
}

/// How many lines were taken and somebody should look at them.
pub fn count_warned(db: &mut Db, id: ImportId) -> AppResult<i64> {
    Ok(import_row::table
        .filter(import_row::import_id.eq(id))
        .filter(import_row::warned)
        .filter(import_row::outcome.ne("refused"))
        .count()
        .get_result(db)?)
}

/// Sets the kind of a sheet that somebody chose.
pub fn set_layout(db: &mut Db, scope: &Scope, id: ImportId, layout: &str) -> AppResult<()> {
    diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id)),
    )
    .set(import_job::layout.eq(layout))
    .execute(db)?;
    Ok(())
}

/// Somebody has seen what is out of the ordinary. False when it does not wait for that any more.
pub fn confirm(db: &mut Db, scope: &Scope, id: ImportId, findings: &str) -> AppResult<bool> {
    let confirmed = diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id))
            .filter(import_job::state.eq_any(["checked", "stopped"]))
            .filter(import_job::findings.eq(findings)),
    )
    .set(import_job::confirmed.eq(true))
    .execute(db)?;
    Ok(confirmed == 1)
}

/// Puts every sheet that is checked and waits to be posted in line for a check anew: what it
/// would come to has changed with what was posted, uploaded or bound otherwise.
pub fn check_anew(db: &mut Db, scope: &Scope, now: NaiveDateTime) -> AppResult<()> {
    for job in in_states(db, scope, &["checked"])? {
        enqueue(db, scope, job.id, &["checked"], "checking", now)?;
    }
    Ok(())
}

/// Other imports of the same kind of sheet, the newest first.
pub fn of_layout(db: &mut Db, scope: &Scope, job: &ImportJob) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::layout.eq(&job.layout))
        .filter(import_job::id.ne(job.id))
        .filter(import_job::state.ne_all(["dropped", "failed"]))
        .filter(import_job::undone_at.is_null())
        .order(import_job::id.desc())
        .limit(50)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// How many lines carry a remark.
pub fn count_noted(db: &mut Db, id: ImportId) -> AppResult<i64> {
    Ok(import_row::table
        .filter(import_row::import_id.eq(id))
        .filter(import_row::notes.ne(""))
        .count()
        .get_result(db)?)
}

/// The posted imports of one kind of sheet.
pub fn posted_as(db: &mut Db, scope: &Scope, layout: &str) -> AppResult<Vec<ImportJob>> {
    Ok(import_job::table
        .filter(scope.holds(import_job::office_code))
        .filter(import_job::layout.eq(layout))
        .filter(import_job::state.eq("posted"))
        .filter(import_job::undone_at.is_null())
        .order(import_job::id)
        .select(ImportJob::as_select())
        .load(db)?)
}

/// The lines of an import that were refused.
pub fn refused_lines(db: &mut Db, id: ImportId) -> AppResult<Vec<i32>> {
    Ok(import_row::table
        .filter(import_row::import_id.eq(id))
        .filter(import_row::outcome.eq("refused"))
        .select(import_row::line)
        .load(db)?)
}

/// The sealed content of the file that an import is from.
pub fn content(db: &mut Db, id: ImportId) -> AppResult<Vec<u8>> {
    let holders = of_same_file(db, id)?;
    let file = import_file::table.filter(import_file::import_id.eq_any(holders));
    Ok(file.select(import_file::content_sealed).first(db)?)
}

/// Takes the lease of an import for this instance, if it is free (or `mine` already).
/// True when taken.
pub fn claim(
    db: &mut Db,
    id: ImportId,
    from_states: &[&str],
    state: &str,
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> AppResult<bool> {
    // Taking up what another holder left keeps a stop that was asked for in the meantime.
    let left_over = import_job::table
        .filter(import_job::id.eq(id))
        .filter(import_job::state.eq(state))
        .select(import_job::stop_wanted)
        .first(db)
        .optional()?
        .unwrap_or(false);
    let taken = diesel::update(
        import_job::table
            .filter(import_job::id.eq(id))
            .filter(import_job::state.eq_any(from_states))
            .filter(import_job::leased_until.is_null().or(import_job::leased_until.lt(now))),
    )
    .set((
        import_job::state.eq(state),
        import_job::leased_until.eq(Some(until)),
        import_job::stop_wanted.eq(left_over),
        import_job::updated_at.eq(now),
    ))
    .execute(db)?;
    Ok(taken == 1)
}

/// Writes state, counts and lease of an import over its row.
pub fn save(db: &mut Db, job: &ImportJob) -> AppResult<()> {
    diesel::update(import_job::table.filter(import_job::id.eq(job.id)))
        .set((
            import_job::state.eq(&job.state),
            import_job::as_of.eq(job.as_of),
            import_job::product.eq(&job.product),
            import_job::rows_total.eq(job.rows_total),
            import_job::rows_done.eq(job.rows_done),
            import_job::new_rows.eq(job.new_rows),
            import_job::same_rows.eq(job.same_rows),
            import_job::changed_rows.eq(job.changed_rows),
            import_job::refused_rows.eq(job.refused_rows),
            import_job::skipped_rows.eq(job.skipped_rows),
            import_job::differences.eq(job.differences),
            import_job::problem.eq(&job.problem),
            import_job::leased_until.eq(job.leased_until),
            import_job::updated_at.eq(job.updated_at),
            import_job::undone_at.eq(job.undone_at),
            import_job::undone_by.eq(&job.undone_by),
            import_job::bindings.eq(&job.bindings),
            import_job::findings.eq(&job.findings),
            import_job::confirmed.eq(job.confirmed),
        ))
        .execute(db)?;
    Ok(())
}

/// Asks a running import to stop after the chunk it is in.
pub fn ask_to_stop(db: &mut Db, scope: &Scope, id: ImportId) -> AppResult<()> {
    diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id)),
    )
    .set(import_job::stop_wanted.eq(true))
    .execute(db)?;
    Ok(())
}

/// Asked in each write of a run: has somebody asked to stop? `None` when the import is no longer
/// held by `held`: its lease ran out and another took it, or a person took it out of the line.
pub fn stop_wanted(db: &mut Db, held: &ImportJob) -> AppResult<Option<bool>> {
    Ok(import_job::table
        .filter(import_job::id.eq(held.id))
        .filter(import_job::state.eq(&held.state))
        // A lease begins after the one before it has ended, so no two are the same.
        .filter(import_job::leased_until.eq(held.leased_until))
        .select(import_job::stop_wanted)
        .first(db)
        .optional()?)
}

/// Writes what became of lines; a line that is there already is told anew.
pub fn put_rows(db: &mut Db, rows: &[ImportRow]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        import_row::table,
        8,
        rows,
        key = (import_row::import_id, import_row::line),
        set = (
            import_row::outcome.eq(excluded(import_row::outcome)),
            import_row::posted.eq(excluded(import_row::posted)),
            import_row::notes.eq(excluded(import_row::notes)),
            import_row::name.eq(excluded(import_row::name)),
            import_row::amount_fen.eq(excluded(import_row::amount_fen)),
            import_row::warned.eq(excluded(import_row::warned)),
        )
    )?;
    Ok(())
}

/// What became of the lines of an import, in their order; all, or those of one outcome (`noted`:
/// every line with a remark; `warned`: taken, and somebody should look), after `after`.
pub fn rows(
    db: &mut Db,
    id: ImportId,
    outcome: Option<&str>,
    after: i32,
    limit: i64,
) -> AppResult<Vec<ImportRow>> {
    let mut query = import_row::table
        .filter(import_row::import_id.eq(id))
        .filter(import_row::line.gt(after))
        .order(import_row::line)
        .limit(limit)
        .select(ImportRow::as_select())
        .into_boxed();
    match outcome {
        Some("noted") => query = query.filter(import_row::notes.ne("")),
        Some("warned") => {
            query = query.filter(import_row::warned).filter(import_row::outcome.ne("refused"));
        }
        Some(outcome) => query = query.filter(import_row::outcome.eq(outcome.to_owned())),
        None => {}
    }
    Ok(query.load(db)?)
}

/// The lines that are in the books already.
pub fn posted_lines(db: &mut Db, id: ImportId) -> AppResult<Vec<i32>> {
    Ok(import_row::table
        .filter(import_row::import_id.eq(id))
        .filter(import_row::posted.eq(true))
        .select(import_row::line)
        .load(db)?)
}

/// Counts the outcomes of the rows into the job.
pub fn count_rows(db: &mut Db, job: &mut ImportJob) -> AppResult<()> {
    let counts: Vec<(String, i64)> = import_row::table
        .filter(import_row::import_id.eq(job.id))
        .group_by(import_row::outcome)
        .select((import_row::outcome, diesel::dsl::count_star()))
        .load(db)?;
    let of = |outcome: &str| {
        let found = counts.iter().find(|(word, _)| word == outcome).map_or(0, |(_, n)| *n);
        i32::try_from(found).unwrap_or(i32::MAX)
    };
    job.new_rows = of("new");
    job.same_rows = of("same");
    job.changed_rows = of("changed");
    job.refused_rows = of("refused");
    job.skipped_rows = of("skipped");
    Ok(())
}

/// Puts an import away for good: its rows and its file are gone, a line stays. Never one that
/// has posted anything.
pub fn drop_job(db: &mut Db, scope: &Scope, id: ImportId) -> AppResult<()> {
    let gone = diesel::update(
        import_job::table
            .filter(scope.holds(import_job::office_code))
            .filter(import_job::id.eq(id))
            .filter(import_job::state.eq_any(["uploaded", "checked", "failed"])),
    )
    .set(import_job::state.eq("dropped"))
    .execute(db)?;
    if gone == 1 {
        diesel::delete(import_row::table.filter(import_row::import_id.eq(id))).execute(db)?;
        let file = import_file::table.filter(import_file::import_id.eq(id));
        let others: Vec<ImportId> =
            of_same_file(db, id)?.into_iter().filter(|other| *other != id).collect();
        let held = import_file::table.filter(import_file::import_id.eq_any(&others));
        let held: i64 = held.count().get_result(db)?;
        match others.first().filter(|_| held == 0) {
            Some(heir) => {
                diesel::update(file).set(import_file::import_id.eq(heir)).execute(db)?;
            }
            None => {
                diesel::delete(file).execute(db)?;
            }
        }
    }
    Ok(())
}
