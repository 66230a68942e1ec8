//! SQL of this stage. The only file that writes the tables `counter_day` and `booking`.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{Capacity, Kind, Source, State};
use crate::base::ids::{FileId, PersonId, RowId};
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::hardship::PASSED;
use crate::book::policy::Policy;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{booking, counter_day, loan, loan_file, person, preapplication};
use crate::web::waiting::Waiting;
use crate::{insert_rows, rows_by, upsert_rows};

/// People of one name that a form tells apart.
const NAMED_MAX: i64 = 6;

/// What a place can take on a day, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = counter_day, treat_none_as_default_value = false)]
pub struct CounterDay {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub on_day: NaiveDate,
    /// 县资助中心, or a township.
    pub place: String,
    /// The letter before its tickets.
    pub series: String,
    /// `08:30-12:00 14:00-17:30`
    pub hours: String,
    pub desks: i32,
    /// Households in a half hour, all desks together.
    pub per_slot: i32,
    /// For these alone; empty: for all.
    pub townships: String,
    /// Why nobody is served; empty on a day like any other.
    pub closed_reason: String,
    pub version: i32,
}

impl CounterDay {
    pub fn capacity<'a>(&'a self, slots: &'a [i32]) -> Capacity<'a> {
        Capacity {
            on: self.on_day,
            slots,
            per_slot: i64::from(self.per_slot),
            is_closed: !self.closed_reason.is_empty(),
            townships: &self.townships,
        }
    }
}

/// A household with a time or a ticket, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = booking, treat_none_as_default_value = false)]
pub struct Booking {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub day_id: RowId,
    pub year: i32,
    /// First minute of the half hour; none for who came without one.
    pub slot_min: Option<i32>,
    /// By which minute it is called.
    pub turn_min: i32,
    /// The student; none while nobody of that name is known.
    pub person_id: Option<PersonId>,
    pub name: String,
    pub kind: Kind,
    pub source: Source,
    pub state: State,
    pub ticket: Option<i32>,
    /// The desk that called it.
    pub desk: Option<i32>,
    pub called_at: Option<NaiveDateTime>,
    pub done_at: Option<NaiveDateTime>,
    pub version: i32,
}

/// Days from one on until another, by day and place.
pub fn days(
    db: &mut Db,
    scope: &Scope,
    (from, until): (NaiveDate, NaiveDate),
) -> AppResult<Vec<CounterDay>> {
    Ok(counter_day::table
        .filter(scope.holds(counter_day::office_code))
        .filter(counter_day::on_day.between(from, until))
        .order((counter_day::on_day, counter_day::series, counter_day::id))
        .select(CounterDay::as_select())
        .load(db)?)
}

pub fn day(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<CounterDay> {
    rows_by!(db, scope, counter_day.id in &[id] => CounterDay).pop().ok_or(AppError::NotFound)
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Booking> {
    rows_by!(db, scope, booking.id in &[id] => Booking).pop().ok_or(AppError::NotFound)
}

pub fn of_days(db: &mut Db, scope: &Scope, days: &[RowId]) -> AppResult<Vec<Booking>> {
    Ok(rows_by!(db, scope, booking.day_id in days => Booking))
}

/// Letters of places, each place once.
pub fn series(db: &mut Db, scope: &Scope) -> AppResult<BTreeMap<String, String>> {
    let known = counter_day::table
        .filter(scope.holds(counter_day::office_code))
        .select((counter_day::place, counter_day::series))
        .distinct()
        .load::<(String, String)>(db)?;
    Ok(known.into_iter().collect())
}

/// How many places of each half hour are given, by day.
pub fn taken(db: &mut Db, scope: &Scope, days: &[RowId]) -> AppResult<HashMap<(RowId, i32), i64>> {
    let all = of_days(db, scope, days)?;
    let mut taken = HashMap::new();
    for one in all.iter().filter(|one| one.state.takes_place()) {
        if let Some(slot) = one.slot_min {
            *taken.entry((one.day_id, slot)).or_default() += 1;
        }
    }
    Ok(taken)
}

/// The booking of a person that is still to be kept, in a year.
pub fn open_of(
    db: &mut Db,
    scope: &Scope,
    (person, year): (PersonId, i32),
) -> AppResult<Option<Booking>> {
    Ok(booking::table
        .filter(scope.holds(booking::office_code))
        .filter(booking::person_id.eq(person))
        .filter(booking::year.eq(year))
        .filter(booking::state.eq_any([State::Booked, State::Waiting, State::Called]))
        .select(Booking::as_select())
        .get_result(db)
        .optional()?)
}

pub fn put_day(db: &mut Db, row: &CounterDay) -> AppResult<()> {
    upsert_rows!(
        db,
        counter_day[11],
        std::slice::from_ref(row),
        key = (id),
        set = (hours, desks, per_slot, townships, closed_reason, version)
    )?;
    Ok(())
}

pub fn add_days(db: &mut Db, rows: &[CounterDay]) -> AppResult<()> {
    insert_rows!(db, counter_day::table, 11, rows)?;
    Ok(())
}

pub fn add(db: &mut Db, rows: &[Booking]) -> AppResult<()> {
    insert_rows!(db, booking::table, 16, rows)?;
    Ok(())
}

pub fn put(db: &mut Db, rows: &[Booking]) -> AppResult<()> {
    upsert_rows!(
        db,
        booking[16],
        rows,
        key = (id),
        set = (turn_min, state, ticket, desk, called_at, done_at, version)
    )?;
    Ok(())
}

/// Students of one name, their township and the number of their file: of files, and of this year's
/// Grade 12.
pub type Named = (PersonId, String, String, Option<String>);

pub fn named(db: &mut Db, scope: &Scope, who: &str, year: i32) -> AppResult<Vec<Named>> {
    let columns = (person::id, person::name, person::township, loan_file::file_no.nullable());
    let people = || {
        person::table
            .left_join(loan_file::table.on(loan_file::person_id.eq(person::id)))
            .filter(scope.holds(person::office_code))
            .select(columns)
            .order(person::id)
            .limit(NAMED_MAX)
    };
    let by_no: Vec<Named> = people().filter(loan_file::file_no.eq(who.to_uppercase())).load(db)?;
    if !by_no.is_empty() {
        return Ok(by_no);
    }
    let in_grade_12 = preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::year.eq(year))
        .filter(preapplication::is_draft.eq(false))
        .select(preapplication::person_id);
    let is_student = loan_file::id.is_not_null().or(person::id.eq_any(in_grade_12));
    Ok(people().filter(person::name_key.eq(name_key(who))).filter(is_student).load(db)?)
}

/// A pupil of a school's list without a time.
pub type Pupil = (PersonId, String, String, String);

/// Pupils whose pre-application of the year has passed and who have no time yet, by school, class
/// and name.
pub fn without_time(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<(String, Pupil)>> {
    let has_time = booking::table
        .filter(scope.holds(booking::office_code))
        .filter(booking::year.eq(year))
        .filter(booking::state.ne(State::Cancelled))
        .filter(booking::person_id.is_not_null())
        .select(booking::person_id.assume_not_null());
    let rows: Vec<(String, PersonId, String, String, String)> = preapplication::table
        .inner_join(person::table.on(person::id.eq(preapplication::person_id)))
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::year.eq(year))
        .filter(preapplication::is_draft.eq(false))
        .filter(preapplication::county_opinion.like(format!("{PASSED}%")))
        .filter(preapplication::person_id.ne_all(has_time))
        .order((preapplication::high_school, preapplication::class_name, person::name_key))
        .select((
            preapplication::high_school,
            person::id,
            person::name,
            person::township,
            preapplication::class_name,
        ))
        .load(db)?;
    let pupil = |(school, id, name, township, class)| (school, (id, name, township, class));
    Ok(rows.into_iter().map(pupil).collect())
}

/// Contracts signed on each day of a year: what the counter took.
pub fn signed_by_day(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Vec<(NaiveDate, i64)>> {
    Ok(loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::loan_year.eq(year))
        .group_by(loan::signed_on)
        .order(loan::signed_on)
        .select((loan::signed_on, count_star()))
        .load(db)?)
}

/// Files with a time on a day: its first minute, where, for what.
pub fn booked_on(
    db: &mut Db,
    scope: &Scope,
    on: NaiveDate,
) -> AppResult<Vec<(FileId, i32, String, Kind)>> {
    let rows: Vec<(FileId, Option<i32>, String, Kind)> = booking::table
        .inner_join(counter_day::table)
        .inner_join(loan_file::table.on(loan_file::person_id.nullable().eq(booking::person_id)))
        .filter(scope.holds(booking::office_code))
        .filter(loan_file::office_code.eq(booking::office_code))
        .filter(booking::state.eq(State::Booked))
        .filter(counter_day::on_day.eq(on))
        .order(booking::id)
        .select((loan_file::id, booking::slot_min, counter_day::place, booking::kind))
        .load(db)?;
    let line = |(file, slot, place, kind): (_, Option<i32>, _, _)| {
        (file, slot.unwrap_or_default(), place, kind)
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Who waits now with a ticket; who did not come yesterday is on the list of its day.
pub fn waiting(
    db: &mut Db,
    scope: &Scope,
    _: &Policy,
    today: NaiveDate,
) -> AppResult<Vec<Waiting>> {
    let count = booking::table
        .inner_join(counter_day::table)
        .filter(scope.holds(booking::office_code))
        .filter(booking::year.eq(today.year()))
        .filter(booking::state.eq(State::Waiting))
        .filter(counter_day::on_day.eq(today))
        .count()
        .get_result(db)?;
    Ok(vec![Waiting::work(count, "户已取号，在等候办理", "/bookings?tab=waiting")])
}
