//! Rounds and their stops. The only file that writes the tables `visit_round` and `visit_stop`.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::rules::{RoundState, StopState};
use crate::base::ids::{RoundId, SheetId, StaffId};
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::insert_rows;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{visit_round, visit_stop};

/// A round as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = visit_round, treat_none_as_default_value = false)]
pub struct Round {
    pub id: RoundId,
    /// Whose data this is.
    pub office_code: String,
    pub on_day: NaiveDate,
    /// What it is called.
    pub title: String,
    /// The visitor with the phone.
    pub first_id: StaffId,
    pub first_name: String,
    /// The other visitor when they are staff.
    pub second_id: Option<StaffId>,
    pub second_name: String,
    /// Whether it is still to be walked.
    pub state: RoundState,
    /// When it was planned.
    pub created_at: NaiveDateTime,
    pub created_by: String,
    /// When it was over.
    pub closed_at: Option<NaiveDateTime>,
    /// Grows with every change.
    pub version: i32,
}

impl Round {
    /// `韦清越、王主任`.
    pub fn visitors(&self) -> String {
        format!("{}、{}", self.first_name, self.second_name)
    }
}

/// A stop as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = visit_stop, treat_none_as_default_value = false)]
pub struct VisitStop {
    pub round_id: RoundId,
    /// Names it within the round, for good: a phone that is offline still knows it by this.
    pub no: i32,
    /// Whose data this is.
    pub office_code: String,
    /// Where it comes in the day, from 1.
    pub place: i32,
    pub sheet_id: SheetId,
    /// What became of it.
    pub state: StopState,
    /// When it was filled in.
    pub done_at: Option<NaiveDateTime>,
    /// The key of the return it became; unique in the office.
    pub command_key: Option<String>,
}

/// How many columns [`VisitStop`] has.
const COLUMNS: usize = 8;

/// Keeps a new round with its stops.
pub fn add(db: &mut Db, round: &Round, stops: &[VisitStop]) -> AppResult<()> {
    diesel::insert_into(visit_round::table).values(round).execute(db)?;
    insert_rows!(db, visit_stop::table, COLUMNS, stops)?;
    Ok(())
}

/// One round, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RoundId) -> AppResult<Round> {
    Ok(visit_round::table
        .filter(scope.holds(visit_round::office_code))
        .filter(visit_round::id.eq(id))
        .select(Round::as_select())
        .get_result(db)?)
}

/// Rounds, the open ones first, then the latest days.
pub fn list(db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<Round>> {
    Ok(visit_round::table
        .filter(scope.holds(visit_round::office_code))
        .order((visit_round::state.desc(), visit_round::on_day.desc(), visit_round::id.desc()))
        .limit(limit)
        .select(Round::as_select())
        .load(db)?)
}

/// The stops of a round, in the order of the day.
pub fn stops(db: &mut Db, scope: &Scope, id: RoundId) -> AppResult<Vec<VisitStop>> {
    Ok(visit_stop::table
        .filter(scope.holds(visit_stop::office_code))
        .filter(visit_stop::round_id.eq(id))
        .order((visit_stop::place, visit_stop::no))
        .select(VisitStop::as_select())
        .load(db)?)
}

/// One stop, or NotFound.
pub fn stop(db: &mut Db, scope: &Scope, (id, no): (RoundId, i32)) -> AppResult<VisitStop> {
    Ok(visit_stop::table
        .filter(scope.holds(visit_stop::office_code))
        .filter(visit_stop::round_id.eq(id))
        .filter(visit_stop::no.eq(no))
        .select(VisitStop::as_select())
        .get_result(db)?)
}

/// How many stops of each of these rounds are in which state.
pub fn counts(
    db: &mut Db,
    scope: &Scope,
    ids: &[RoundId],
) -> AppResult<HashMap<RoundId, Vec<(StopState, i64)>>> {
    let rows: Vec<(RoundId, StopState, i64)> = visit_stop::table
        .filter(scope.holds(visit_stop::office_code))
        .filter(visit_stop::round_id.eq_any(ids))
        .group_by((visit_stop::round_id, visit_stop::state))
        .select((visit_stop::round_id, visit_stop::state, count_star()))
        .load(db)?;
    let mut found: HashMap<RoundId, Vec<(StopState, i64)>> = HashMap::new();
    for (id, state, n) in rows {
        found.entry(id).or_default().push((state, n));
    }
    Ok(found)
}

/// Sheets that are planned in a round that is still open: nobody else takes them along.
pub fn planned(db: &mut Db, scope: &Scope) -> AppResult<HashSet<SheetId>> {
    let all: Vec<SheetId> = visit_stop::table
        .inner_join(visit_round::table)
        .filter(scope.holds(visit_round::office_code))
        .filter(visit_round::state.eq(RoundState::Open))
        .filter(visit_stop::state.ne(StopState::Passed))
        .select(visit_stop::sheet_id)
        .load(db)?;
    Ok(all.into_iter().collect())
}

/// Says that a round is changed from the version seen; `Changed` when somebody was quicker.
pub fn touch(db: &mut Db, scope: &Scope, (id, version): (RoundId, i32)) -> AppResult<()> {
    let done = diesel::update(
        visit_round::table
            .filter(scope.holds(visit_round::office_code))
            .filter(visit_round::id.eq(id))
            .filter(visit_round::version.eq(version)),
    )
    .set(visit_round::version.eq(version + 1))
    .execute(db)?;
    if done == 1 { Ok(()) } else { Err(AppError::Changed) }
}

/// Closes or opens a round. The caller has called [`touch`].
pub fn set_state(
    db: &mut Db,
    scope: &Scope,
    id: RoundId,
    (state, closed_at): (RoundState, Option<NaiveDateTime>),
) -> AppResult<()> {
    diesel::update(
        visit_round::table
            .filter(scope.holds(visit_round::office_code))
            .filter(visit_round::id.eq(id)),
    )
    .set((visit_round::state.eq(state), visit_round::closed_at.eq(closed_at)))
    .execute(db)?;
    Ok(())
}

/// Puts a stop to another place of the day. The caller has called [`touch`].
pub fn set_place(
    db: &mut Db,
    scope: &Scope,
    (id, no): (RoundId, i32),
    place: i32,
) -> AppResult<()> {
    diesel::update(
        visit_stop::table
            .filter(scope.holds(visit_stop::office_code))
            .filter(visit_stop::round_id.eq(id))
            .filter(visit_stop::no.eq(no)),
    )
    .set(visit_stop::place.eq(place))
    .execute(db)?;
    Ok(())
}

/// Leaves a stop out or takes it in again; one that is done stays done. False: nothing to change.
pub fn leave_out(
    db: &mut Db,
    scope: &Scope,
    (id, no): (RoundId, i32),
    out: bool,
) -> AppResult<bool> {
    let (from, to) = match out {
        true => (StopState::Open, StopState::Passed),
        false => (StopState::Passed, StopState::Open),
    };
    let done = diesel::update(
        visit_stop::table
            .filter(scope.holds(visit_stop::office_code))
            .filter(visit_stop::round_id.eq(id))
            .filter(visit_stop::no.eq(no))
            .filter(visit_stop::state.eq(from)),
    )
    .set(visit_stop::state.eq(to))
    .execute(db)?;
    Ok(done == 1)
}

/// A stop was filled in. It does not matter whether it had been left out or the round closed
/// meanwhile: what visitors found is never turned away for that.
pub fn done(
    db: &mut Db,
    scope: &Scope,
    (id, no): (RoundId, i32),
    (key, at): (&str, NaiveDateTime),
) -> AppResult<()> {
    diesel::update(
        visit_stop::table
            .filter(scope.holds(visit_stop::office_code))
            .filter(visit_stop::round_id.eq(id))
            .filter(visit_stop::no.eq(no)),
    )
    .set((
        visit_stop::state.eq(StopState::Done),
        visit_stop::done_at.eq(at),
        visit_stop::command_key.eq(key),
    ))
    .execute(db)?;
    Ok(())
}
