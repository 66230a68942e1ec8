//! SQL of rounds: the only file that writes `hardship_round`, `hardship_application` and
//! `hardship_step`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::form::Written;
use super::rules::{Recheck, Signer, State, Step, Term};
use crate::base::ids::{RowId, StaffId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{hardship_application, hardship_round, hardship_step};
use crate::{insert_rows, rows_by, upsert_rows};

/// A round: the applications of a school for a term.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = hardship_round)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Round {
    pub id: RowId,
    pub office_code: String,
    /// First year of the school year.
    pub year: i32,
    pub term: Term,
    pub school: String,
    /// Until when families may apply.
    pub apply_until: NaiveDate,
    /// Places of the school; shown, never a reason to cut.
    pub quota: Option<i32>,
    pub opened_by: String,
    pub opened_on: NaiveDate,
    /// `LZ困认2026-003`
    pub filed_no: Option<String>,
    pub filed_on: Option<NaiveDate>,
    pub filed_by: String,
    /// What the yearly check was drawn by; empty before.
    pub seed: String,
    pub version: i32,
}

/// An application as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = hardship_application, treat_none_as_default_value = false)]
pub struct Application {
    pub id: RowId,
    pub office_code: String,
    pub round_id: RowId,
    pub name: String,
    pub grade: String,
    pub class_name: String,
    #[serde(skip)]
    pub id_sealed: Vec<u8>,
    #[serde(skip)]
    pub id_index: Vec<u8>,
    pub id_mask: String,
    /// [`Written`], sealed (`Field::Hardship`).
    #[serde(skip)]
    pub form_sealed: Vec<u8>,
    pub signed_by: Signer,
    pub applied_on: NaiveDate,
    /// As the last one who looked at it proposes; empty: nobody has.
    pub level: String,
    pub state: State,
    /// Why it was refused or sent back, as a parent may read it.
    pub reason: String,
    pub entered_by: String,
    pub recheck: Recheck,
    pub recheck_note: String,
    pub version: i32,
}

/// One step with an application: who, when, opinion, papers.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = hardship_step, treat_none_as_default_value = false)]
pub struct StepDone {
    pub id: RowId,
    pub office_code: String,
    pub application_id: RowId,
    pub step: Step,
    pub on_day: NaiveDate,
    pub by_name: String,
    /// None where a school did it.
    pub staff_id: Option<StaffId>,
    pub opinion: String,
    pub papers: String,
    /// The level that was proposed with it.
    pub level: String,
}

impl Application {
    /// `高三3班`
    pub fn class_words(&self) -> String {
        format!("{}{}", self.grade, self.class_name)
    }

    pub fn written(&self, sealer: &Sealer) -> AppResult<Written> {
        let text = sealer.open_text(Field::Hardship, &self.form_sealed)?;
        serde_json::from_str(&text).map_err(AppError::broken)
    }
}

pub fn seal(sealer: &Sealer, written: &Written) -> AppResult<Vec<u8>> {
    let text = serde_json::to_string(written).map_err(AppError::broken)?;
    Ok(sealer.seal(Field::Hardship, text.as_bytes())?)
}

pub fn add_round(db: &mut Db, new: &Round) -> AppResult<()> {
    diesel::insert_into(hardship_round::table).values(new).execute(db)?;
    Ok(())
}

/// Keeps what was changed; `changed.version` is the version the change was made from.
///
/// # Errors
/// [`AppError::Changed`] when somebody saved first.
pub fn put_round(db: &mut Db, changed: &mut Round) -> AppResult<()> {
    let (id, seen) = (changed.id, changed.version);
    changed.version += 1;
    let rows = diesel::update(hardship_round::table.find(id))
        .filter(hardship_round::version.eq(seen))
        .set(&*changed)
        .execute(db)?;
    if rows == 1 { Ok(()) } else { Err(AppError::Changed) }
}

pub fn rounds(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Round>> {
    Ok(rows_by!(db, scope, hardship_round.id in ids => Round))
}

pub fn round(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Round> {
    rounds(db, scope, &[id])?.pop().ok_or(AppError::NotFound)
}

/// The rounds of a school, the newest first.
pub fn of_school(db: &mut Db, scope: &Scope, school: &str) -> AppResult<Vec<Round>> {
    Ok(hardship_round::table
        .filter(scope.holds(hardship_round::office_code))
        .filter(hardship_round::school.eq(school))
        .order((hardship_round::year.desc(), hardship_round::id.desc()))
        .select(Round::as_select())
        .load(db)?)
}

/// How many rounds of a year are filed.
pub fn filed(db: &mut Db, scope: &Scope, year: i32) -> AppResult<i64> {
    Ok(hardship_round::table
        .filter(hardship_round::office_code.eq(scope.own()))
        .filter(hardship_round::year.eq(year))
        .filter(hardship_round::filed_no.is_not_null())
        .count()
        .get_result(db)?)
}

pub fn add_all(db: &mut Db, rows: &[Application]) -> AppResult<()> {
    insert_rows!(db, hardship_application::table, 19, rows)?;
    Ok(())
}

/// Writes what has changed over the old rows; the caller has looked at their versions.
pub fn put_all(db: &mut Db, rows: &[Application]) -> AppResult<()> {
    upsert_rows!(
        db,
        hardship_application[19],
        rows,
        key = (id),
        set = (
            name,
            grade,
            class_name,
            form_sealed,
            signed_by,
            applied_on,
            level,
            state,
            reason,
            recheck,
            recheck_note,
            version,
        )
    )?;
    Ok(())
}

pub fn applications(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Application>> {
    Ok(rows_by!(db, scope, hardship_application.id in ids => Application))
}

pub fn application(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Application> {
    applications(db, scope, &[id])?.pop().ok_or(AppError::NotFound)
}

/// All applications of a round, by class and name as a list hangs.
pub fn of_round(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Vec<Application>> {
    let mut all = rows_by!(db, scope, hardship_application.round_id in &[id] => Application);
    all.sort_by(|a, b| {
        let key = |one: &Application| (one.grade.clone(), one.class_name.clone(), one.id);
        key(a).cmp(&key(b))
    });
    Ok(all)
}

/// Where in this school year and term these pupils have an application, by their index: the
/// application's round and school.
pub fn known(
    db: &mut Db,
    scope: &Scope,
    of: &Round,
    indexes: &[Vec<u8>],
) -> AppResult<Vec<(Vec<u8>, RowId, String)>> {
    let mut found = Vec::new();
    for chunk in indexes.chunks(crate::plumbing::bulk::BINDS_MAX) {
        let rows = hardship_application::table
            .inner_join(hardship_round::table)
            .filter(scope.holds(hardship_application::office_code))
            .filter(hardship_application::id_index.eq_any(chunk))
            .filter(hardship_round::year.eq(of.year).and(hardship_round::term.eq(of.term)))
            .filter(hardship_application::state.ne(State::Withdrawn))
            .select((hardship_application::id_index, hardship_round::id, hardship_round::school));
        found.extend(rows.load::<(Vec<u8>, RowId, String)>(db)?);
    }
    Ok(found)
}

pub fn add_steps(db: &mut Db, rows: &[StepDone]) -> AppResult<()> {
    insert_rows!(db, hardship_step::table, 10, rows)?;
    Ok(())
}

/// The steps with these applications, oldest first.
pub fn steps(db: &mut Db, scope: &Scope, of: &[RowId]) -> AppResult<Vec<StepDone>> {
    let mut all = rows_by!(db, scope, hardship_step.application_id in of => StepDone);
    all.sort_by_key(|one| one.id);
    Ok(all)
}
