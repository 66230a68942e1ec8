//! Cases and their steps. The only file that writes the tables `overdue_case` and `overdue_step`.
//!
//! A case is changed from the version that was read (`change`), so that of two clerks one is told;
//! what the night does to many cases at once is set-wise (`close_all` and its neighbours).

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::kinds::{AskedFor, ClosedWhy, HoldReason, NextStep, Stage, State, StepKind};
use crate::base::ids::{CaseId, FileId, RecordId, RowId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, overdue_case, overdue_step, person};
use crate::web::waiting::{Waiting, Whose};

/// A loan file on the ladder, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = overdue_case, treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct Case {
    pub id: CaseId,
    /// Whose data this is.
    pub office_code: String,
    pub file_id: FileId,
    pub state: State,
    /// Where on the ladder.
    pub stage: Stage,
    pub opened_on: NaiveDate,
    /// In this stage since.
    pub stage_since: NaiveDate,
    /// Who looks after it.
    pub owner_id: Option<StaffId>,
    /// What is done next.
    pub next_step: NextStep,
    pub next_on: NaiveDate,
    /// Tries in this stage.
    pub tries: i32,
    /// Somebody of the family was spoken with.
    pub reached: bool,
    /// The day on which they promised to pay.
    pub promised_on: Option<NaiveDate>,
    /// How much, when they said.
    pub promised_fen: Option<Fen>,
    /// Promises that were not kept.
    pub broken_promises: i32,
    /// The newest contact of this case.
    pub last_record_id: Option<RecordId>,
    /// Why it is off the ladder.
    pub parked_for: HoldReason,
    /// The same in somebody's own words; of a pause too.
    pub parked_reason: String,
    /// Paused or off the ladder until this day.
    pub until_on: Option<NaiveDate>,
    /// What the director is asked for.
    pub asked_for: AskedFor,
    pub asked_by: String,
    pub asked_reason: String,
    pub asked_at: Option<NaiveDateTime>,
    /// The day on which the lender was asked to send its notice.
    pub notice_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub closed_why: ClosedWhy,
    /// Who first: the larger the sooner.
    pub weight: i64,
    /// Grows with every change by a person; weights alone do not count.
    pub version: i32,
    /// Who asked the director and has not looked at the answer.
    pub answer_for: Option<StaffId>,
}

const CASE_COLUMNS: usize = 29;

/// One step of a case, as stored. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = overdue_step, treat_none_as_default_value = false)]
pub struct Step {
    /// Identity; grows with time.
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub case_id: CaseId,
    pub on_day: NaiveDate,
    pub at: NaiveDateTime,
    pub kind: StepKind,
    pub from_stage: String,
    pub to_stage: String,
    pub reason: String,
    /// The contact that it came from.
    pub record_id: Option<RecordId>,
    pub staff_id: Option<StaffId>,
    pub by_name: String,
    /// How the case stood before a contact, so that it can be taken back.
    pub before: String,
}

const STEP_COLUMNS: usize = 13;

/// The cases that are not closed, of these files or of all.
pub fn not_closed(db: &mut Db, scope: &Scope, only: Option<&[FileId]>) -> AppResult<Vec<Case>> {
    let all = || {
        overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::state.ne(State::Closed))
            .select(Case::as_select())
    };
    let Some(files) = only else { return Ok(all().load(db)?) };
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let of: Vec<Case> = all().filter(overdue_case::file_id.eq_any(chunk)).load(db)?;
        found.extend(of);
    }
    Ok(found)
}

/// The newest case of a file, closed or not.
pub fn newest(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<Case>> {
    Ok(overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::file_id.eq(file))
        .order(overdue_case::id.desc())
        .select(Case::as_select())
        .load(db)?
        .into_iter()
        .next())
}

/// Cases whose next step is today or before, those that wait for the director, and the director's
/// answers that nobody has looked at.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let today = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.eq(State::Open))
        .filter(overdue_case::next_on.le(today))
        .count()
        .get_result(db)?;
    let not_closed = || {
        overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::state.ne(State::Closed))
    };
    let director = not_closed()
        .filter(overdue_case::asked_for.ne(AskedFor::Nothing))
        .count()
        .get_result(db)?;
    let answered: Vec<(Option<StaffId>, i64)> = not_closed()
        .filter(overdue_case::answer_for.is_not_null())
        .group_by(overdue_case::answer_for)
        .select((overdue_case::answer_for, count_star()))
        .load(db)?;
    let to_director = Whose::Right(Right::AllowPoliceStage);
    let mut lines = vec![
        Waiting::work(today, "逾期的人今天要联系", "/overdue?list=today"),
        Waiting::decision(director, "逾期案件等主任决定", "/overdue?list=asked", to_director),
    ];
    lines.extend(answered.into_iter().filter_map(|(id, count)| {
        let link = "/overdue?list=answered";
        Some(Waiting::decision(count, "件请示主任已答复", link, Whose::Own(id?)))
    }));
    Ok(lines)
}

/// Who asked the director last.
pub fn asked_by(db: &mut Db, scope: &Scope, case: CaseId) -> AppResult<Option<StaffId>> {
    let newest: Option<Option<StaffId>> = overdue_step::table
        .filter(scope.holds(overdue_step::office_code))
        .filter(overdue_step::case_id.eq(case))
        .filter(overdue_step::kind.eq(StepKind::Asked))
        .order(overdue_step::id.desc())
        .select(overdue_step::staff_id)
        .first(db)
        .optional()?;
    Ok(newest.flatten())
}

/// Whoever asked has looked at the director's answer.
pub fn answer_seen(db: &mut Db, scope: &Scope, id: CaseId, by: StaffId) -> AppResult<()> {
    diesel::update(
        overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::id.eq(id))
            .filter(overdue_case::answer_for.eq(by)),
    )
    .set(overdue_case::answer_for.eq(None::<StaffId>))
    .execute(db)?;
    Ok(())
}

/// One case, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: CaseId) -> AppResult<Case> {
    Ok(overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::id.eq(id))
        .select(Case::as_select())
        .first(db)?)
}

/// NotFound when this is no case of the file with that number.
pub fn ensure_of_file(db: &mut Db, scope: &Scope, id: CaseId, file_no: &str) -> AppResult<()> {
    overdue_case::table
        .inner_join(loan_file::table)
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::id.eq(id))
        .filter(loan_file::file_no.eq(file_no))
        .select(overdue_case::id)
        .first::<CaseId>(db)?;
    Ok(())
}

pub fn add_all(db: &mut Db, cases: &[Case]) -> AppResult<()> {
    insert_rows!(db, overdue_case::table, CASE_COLUMNS, cases)?;
    Ok(())
}

pub fn add_steps(db: &mut Db, steps: &[Step]) -> AppResult<()> {
    insert_rows!(db, overdue_step::table, STEP_COLUMNS, steps)?;
    Ok(())
}

/// Keeps a changed case; `changed.version` is the version it was changed from.
/// [`AppError::Changed`] when somebody saved first.
pub fn change(db: &mut Db, changed: &Case) -> AppResult<()> {
    let next = Case { version: changed.version + 1, ..changed.clone() };
    let rows = diesel::update(
        overdue_case::table
            .filter(overdue_case::id.eq(changed.id))
            .filter(overdue_case::version.eq(changed.version)),
    )
    .set(&next)
    .execute(db)?;
    if rows == 0 { Err(AppError::Changed) } else { Ok(()) }
}

/// The cases of these files that ended since a day because the figure was wrong or not known, the
/// newest of each file, when it is the file's newest.
pub fn taken_back(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    since: NaiveDate,
) -> AppResult<Vec<Case>> {
    let mut newest: HashMap<FileId, Case> = HashMap::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<Case> = overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::file_id.eq_any(chunk))
            .order(overdue_case::id)
            .select(Case::as_select())
            .load(db)?;
        newest.extend(rows.into_iter().map(|case| (case.file_id, case)));
    }
    let mut found: Vec<Case> = newest
        .into_values()
        .filter(|case| case.closed_why == ClosedWhy::Corrected)
        .filter(|case| case.closed_on.is_some_and(|day| day >= since))
        .collect();
    found.sort_unstable_by_key(|case| case.id);
    Ok(found)
}

/// Opens those of these closed cases for which `$so` holds.
macro_rules! reopen_as {
    ($db:expr, $chunk:expr, $so:expr, $state:expr) => {
        diesel::update(
            overdue_case::table
                .filter(overdue_case::id.eq_any($chunk))
                .filter(overdue_case::state.eq(State::Closed))
                .filter($so),
        )
        .set((
            overdue_case::state.eq($state),
            overdue_case::closed_on.eq(None::<NaiveDate>),
            overdue_case::closed_why.eq(ClosedWhy::Nothing),
            overdue_case::version.eq(overdue_case::version + 1),
        ))
        .execute($db)?
    };
}

/// Opens cases again that were taken back, as they were.
pub fn reopen_all(db: &mut Db, ids: &[CaseId]) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        let on_hold = overdue_case::parked_for.ne(HoldReason::Nothing);
        let paused = overdue_case::parked_for
            .eq(HoldReason::Nothing)
            .and(overdue_case::until_on.is_not_null());
        let open =
            overdue_case::parked_for.eq(HoldReason::Nothing).and(overdue_case::until_on.is_null());
        reopen_as!(db, chunk, on_hold, State::Parked);
        reopen_as!(db, chunk, paused, State::Paused);
        reopen_as!(db, chunk, open, State::Open);
    }
    Ok(())
}

pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[CaseId]) -> AppResult<Vec<Case>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<Case> = overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::id.eq_any(chunk))
            .order(overdue_case::id)
            .select(Case::as_select())
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Ends cases: nothing past due is open any more.
pub fn close_all(
    db: &mut Db,
    ids: &[CaseId],
    (why, today): (ClosedWhy, NaiveDate),
) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(overdue_case::table.filter(overdue_case::id.eq_any(chunk)))
            .set((
                overdue_case::state.eq(State::Closed),
                overdue_case::closed_on.eq(today),
                overdue_case::closed_why.eq(why),
                overdue_case::asked_for.eq(AskedFor::Nothing),
                overdue_case::version.eq(overdue_case::version + 1),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The promised day went by, 1 of 1 promise broken or 0: speak with them again today.
pub fn end_promises(
    db: &mut Db,
    ids: &[CaseId],
    (broken, next): (i32, NextStep),
    today: NaiveDate,
) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(overdue_case::table.filter(overdue_case::id.eq_any(chunk)))
            .set((
                overdue_case::promised_on.eq(None::<NaiveDate>),
                overdue_case::promised_fen.eq(None::<Fen>),
                overdue_case::broken_promises.eq(overdue_case::broken_promises + broken),
                overdue_case::next_step.eq(next),
                overdue_case::next_on.eq(today),
                overdue_case::version.eq(overdue_case::version + 1),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The pause or the time off the ladder is over: look again today.
pub fn bring_back(db: &mut Db, ids: &[CaseId], today: NaiveDate) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(overdue_case::table.filter(overdue_case::id.eq_any(chunk)))
            .set((
                overdue_case::state.eq(State::Open),
                overdue_case::parked_for.eq(HoldReason::Nothing),
                overdue_case::parked_reason.eq(""),
                overdue_case::until_on.eq(None::<NaiveDate>),
                overdue_case::next_step.eq(NextStep::LookAgain),
                overdue_case::next_on.eq(today),
                overdue_case::version.eq(overdue_case::version + 1),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Sets who is first. The version stays: no form is about it.
pub fn update_priorities(db: &mut Db, ids: &[CaseId], weight: i64) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(overdue_case::table.filter(overdue_case::id.eq_any(chunk)))
            .set(overdue_case::weight.eq(weight))
            .execute(db)?;
    }
    Ok(())
}

/// Gives cases that nobody has to somebody.
pub fn own(db: &mut Db, ids: &[CaseId], owner: StaffId) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(
            overdue_case::table
                .filter(overdue_case::id.eq_any(chunk))
                .filter(overdue_case::owner_id.is_null()),
        )
        .set(overdue_case::owner_id.eq(owner))
        .execute(db)?;
    }
    Ok(())
}

/// Gives cases to somebody else, each a change of its version.
pub fn set_owner(db: &mut Db, ids: &[CaseId], owner: StaffId) -> AppResult<()> {
    for chunk in ids.chunks(BINDS_MAX) {
        diesel::update(overdue_case::table.filter(overdue_case::id.eq_any(chunk)))
            .set((
                overdue_case::owner_id.eq(owner),
                overdue_case::version.eq(overdue_case::version + 1),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The cases that are not over of files with these numbers.
pub fn open_of(db: &mut Db, scope: &Scope, file_nos: &[String]) -> AppResult<Vec<CaseId>> {
    let mut found = Vec::with_capacity(file_nos.len());
    for chunk in file_nos.chunks(BINDS_MAX) {
        let ids: Vec<CaseId> = overdue_case::table
            .inner_join(loan_file::table)
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::state.ne(State::Closed))
            .filter(loan_file::file_no.eq_any(chunk))
            .select(overdue_case::id)
            .load(db)?;
        found.extend(ids);
    }
    Ok(found)
}

/// These cases with file number and the student's name, in the order of the numbers.
pub fn named(db: &mut Db, scope: &Scope, ids: &[CaseId]) -> AppResult<Vec<(Case, String, String)>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<(Case, String, String)> = overdue_case::table
            .inner_join(loan_file::table)
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::id.eq_any(chunk))
            .order(loan_file::file_no)
            .select((Case::as_select(), loan_file::file_no, person::name))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

pub fn find_step(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Step> {
    Ok(overdue_step::table
        .filter(scope.holds(overdue_step::office_code))
        .filter(overdue_step::id.eq(id))
        .select(Step::as_select())
        .first(db)?)
}

/// The steps of a case, newest first.
pub fn steps(db: &mut Db, scope: &Scope, case: CaseId) -> AppResult<Vec<Step>> {
    Ok(overdue_step::table
        .filter(scope.holds(overdue_step::office_code))
        .filter(overdue_step::case_id.eq(case))
        .order(overdue_step::id.desc())
        .select(Step::as_select())
        .load(db)?)
}
