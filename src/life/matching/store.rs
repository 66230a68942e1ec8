//! SQL of this stage: the only file that writes `matching_list`, `matching_entry` and
//! `matching_hit`. No decisions.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use super::rules::Answer;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    hardship_application, hardship_round, matching_entry, matching_hit, matching_list, person,
    preapplication,
};
use crate::{insert_rows, rows_by};

/// A list that another office has sent.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = matching_list)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ReceivedList {
    pub id: RowId,
    pub office_code: String,
    /// Key of its kind.
    pub kind: String,
    /// What its kind is called.
    pub name: String,
    /// False: it is only shown.
    pub counts: bool,
    /// The office that sent it.
    pub source: String,
    pub file_name: String,
    /// Lines with data, numbers that could be read, places that could not.
    pub lines: i32,
    pub entries: i32,
    pub unreadable: i32,
    /// A line each; never a number.
    pub unreadable_places: String,
    pub received_by: String,
    pub received_on: NaiveDate,
    /// The last day on which it is compared.
    pub expires_on: NaiveDate,
    pub removed_on: Option<NaiveDate>,
    pub removed_by: String,
    pub reason: String,
    pub version: i32,
}

/// A number on a list, as its blind index.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = matching_entry, treat_none_as_default_value = false)]
pub struct ListEntry {
    pub list_id: RowId,
    pub sheet: i32,
    pub line: i32,
    pub col: i32,
    pub office_code: String,
    pub is_member: bool,
    pub id_index: Vec<u8>,
}

/// A pupil who stands on a list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = matching_hit)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Hit {
    pub id: RowId,
    pub office_code: String,
    /// First year of the school year.
    pub year: i32,
    pub kind: String,
    pub list_id: RowId,
    pub id_index: Vec<u8>,
    pub id_mask: String,
    pub name: String,
    pub school: String,
    pub class_name: String,
    pub sheet: i32,
    pub line: i32,
    pub col: i32,
    pub is_member: bool,
    pub found_on: NaiveDate,
    pub answer: Answer,
    pub note: String,
    pub answered_by: String,
    pub answered_on: Option<NaiveDate>,
    pub version: i32,
}

/// Somebody whom lists are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Pupil {
    pub id_index: Vec<u8>,
    pub id_mask: String,
    pub name: String,
    pub school: String,
    pub class_name: String,
}

/// A place of a list in force.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Found {
    pub id_index: Vec<u8>,
    pub list_id: RowId,
    pub kind: String,
    pub list_name: String,
    pub counts: bool,
    pub sheet: i32,
    pub line: i32,
    pub col: i32,
    pub is_member: bool,
}

pub fn add_list(db: &mut Db, list: &ReceivedList, entries: &[ListEntry]) -> AppResult<()> {
    diesel::insert_into(matching_list::table).values(list).execute(db)?;
    insert_rows!(db, matching_entry::table, 7, entries)?;
    Ok(())
}

pub fn list(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<ReceivedList> {
    let mut found = rows_by!(db, scope, matching_list.id in &[id] => ReceivedList);
    found.pop().ok_or(AppError::NotFound)
}

/// Lists that are there, the newest first; or, at most so many, those that were removed.
pub fn lists(db: &mut Db, scope: &Scope, removed: Option<i64>) -> AppResult<Vec<ReceivedList>> {
    let all = matching_list::table
        .filter(scope.holds(matching_list::office_code))
        .order(matching_list::id.desc())
        .select(ReceivedList::as_select());
    Ok(match removed {
        None => all.filter(matching_list::removed_on.is_null()).load(db)?,
        Some(most) => all.filter(matching_list::removed_on.is_not_null()).limit(most).load(db)?,
    })
}

/// Those of a list's hits that nobody has answered.
pub fn unanswered(db: &mut Db, list: RowId) -> AppResult<Vec<Pupil>> {
    Ok(matching_hit::table
        .filter(matching_hit::list_id.eq(list))
        .filter(matching_hit::answer.eq(Answer::Open))
        .select((
            matching_hit::id_index,
            matching_hit::id_mask,
            matching_hit::name,
            matching_hit::school,
            matching_hit::class_name,
        ))
        .load(db)?)
}

/// Takes the numbers of a list away, and the hits that nobody has answered; `list.version` is the
/// version it was read with.
///
/// # Errors
/// [`AppError::Changed`] when somebody was first.
pub fn remove(db: &mut Db, list: &ReceivedList) -> AppResult<()> {
    let gone = ReceivedList { version: list.version + 1, ..list.clone() };
    let seen = matching_list::table
        .filter(matching_list::id.eq(list.id))
        .filter(matching_list::version.eq(list.version));
    if diesel::update(seen).set(&gone).execute(db)? != 1 {
        return Err(AppError::Changed);
    }
    diesel::delete(matching_entry::table.filter(matching_entry::list_id.eq(list.id)))
        .execute(db)?;
    let open = matching_hit::table
        .filter(matching_hit::list_id.eq(list.id))
        .filter(matching_hit::answer.eq(Answer::Open));
    diesel::delete(open).execute(db)?;
    Ok(())
}

/// Where these people stand on the lists of an office that are in force on a day, the newest list
/// first.
pub fn places(
    db: &mut Db,
    office: &str,
    today: NaiveDate,
    indexes: &[Vec<u8>],
) -> AppResult<Vec<Found>> {
    let mut found = Vec::new();
    for chunk in indexes.chunks(BINDS_MAX / 2) {
        let rows = matching_entry::table
            .inner_join(matching_list::table)
            .filter(matching_entry::office_code.eq(office))
            .filter(matching_entry::id_index.eq_any(chunk))
            .filter(matching_list::removed_on.is_null())
            .filter(matching_list::expires_on.ge(today))
            .select((
                matching_entry::id_index,
                matching_list::id,
                matching_list::kind,
                matching_list::name,
                matching_list::counts,
                matching_entry::sheet,
                matching_entry::line,
                matching_entry::col,
                matching_entry::is_member,
            ));
        found.extend(rows.load::<Found>(db)?);
    }
    let key = |one: &Found| (std::cmp::Reverse(one.list_id), one.sheet, one.line, one.col);
    found.sort_by_key(key);
    Ok(found)
}

/// Pupils of an office who have applied for recognition in a school year, then those of the
/// pre-applications of a year.
pub fn pupils(db: &mut Db, office: &str, (school_year, year): (i32, i32)) -> AppResult<Vec<Pupil>> {
    let mut all: Vec<Pupil> = hardship_application::table
        .inner_join(hardship_round::table)
        .filter(hardship_application::office_code.eq(office))
        .filter(hardship_round::year.eq(school_year))
        .filter(hardship_application::state.ne("withdrawn"))
        .select((
            hardship_application::id_index,
            hardship_application::id_mask,
            hardship_application::name,
            hardship_round::school,
            hardship_application::grade.concat(hardship_application::class_name),
        ))
        .load(db)?;
    let candidates: Vec<Pupil> = preapplication::table
        .inner_join(person::table.on(person::id.eq(preapplication::person_id)))
        .filter(preapplication::office_code.eq(office))
        .filter(preapplication::year.eq(year))
        .filter(preapplication::is_draft.eq(false))
        .select((
            person::id_index,
            person::id_mask,
            person::name,
            preapplication::high_school,
            preapplication::class_name,
        ))
        .load(db)?;
    all.extend(candidates);
    Ok(all)
}

/// Other schools where these pupils have applied in a school year.
pub fn schools(
    db: &mut Db,
    office: &str,
    school_year: i32,
    indexes: &[Vec<u8>],
) -> AppResult<Vec<(Vec<u8>, String)>> {
    let mut found = Vec::new();
    for chunk in indexes.chunks(BINDS_MAX / 2) {
        let rows = hardship_application::table
            .inner_join(hardship_round::table)
            .filter(hardship_application::office_code.eq(office))
            .filter(hardship_application::id_index.eq_any(chunk))
            .filter(hardship_round::year.eq(school_year))
            .filter(hardship_application::state.ne("withdrawn"))
            .select((hardship_application::id_index, hardship_round::school));
        found.extend(rows.load::<(Vec<u8>, String)>(db)?);
    }
    Ok(found)
}

/// What makes a hit of a school year the same: kind of list, person, school.
pub type HitKey = (String, Vec<u8>, String);

pub fn known(db: &mut Db, office: &str, year: i32) -> AppResult<Vec<HitKey>> {
    Ok(matching_hit::table
        .filter(matching_hit::office_code.eq(office))
        .filter(matching_hit::year.eq(year))
        .select((matching_hit::kind, matching_hit::id_index, matching_hit::school))
        .load(db)?)
}

pub fn add_hits(db: &mut Db, hits: &[Hit]) -> AppResult<()> {
    insert_rows!(db, matching_hit::table, 20, hits)?;
    Ok(())
}

pub fn hits(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Hit>> {
    Ok(rows_by!(db, scope, matching_hit.id in ids => Hit))
}

/// Hits of a school year that a school has not answered, with what their lists are called, and how
/// many there are in all; those of lists that are only shown ask for nothing.
pub fn open_of_school(
    db: &mut Db,
    scope: &Scope,
    (school, year): (&str, i32),
    most: i64,
) -> AppResult<(Vec<(Hit, String)>, i64)> {
    let open = || {
        matching_hit::table
            .inner_join(matching_list::table)
            .filter(scope.holds(matching_hit::office_code))
            .filter(matching_hit::year.eq(year))
            .filter(matching_hit::school.eq(school))
            .filter(matching_hit::answer.eq(Answer::Open))
            .filter(matching_list::counts.eq(true))
    };
    let rows = open()
        .order((matching_hit::class_name, matching_hit::name, matching_hit::id))
        .limit(most)
        .select((Hit::as_select(), matching_list::name))
        .load(db)?;
    Ok((rows, open().count().get_result(db)?))
}

/// Keeps an answer; `hit.version` is the version it was read with.
///
/// # Errors
/// [`AppError::Changed`] when somebody was first.
pub fn put_hit(db: &mut Db, hit: &Hit) -> AppResult<()> {
    let answered = Hit { version: hit.version + 1, ..hit.clone() };
    let seen = matching_hit::table
        .filter(matching_hit::id.eq(hit.id))
        .filter(matching_hit::version.eq(hit.version));
    match diesel::update(seen).set(&answered).execute(db)? {
        1 => Ok(()),
        _ => Err(AppError::Changed),
    }
}
