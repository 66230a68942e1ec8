//! What is known of a student's difficulty in a year, wherever it was written down: pre-application
//! and recognition as the counter needs them. Reads only; their stages write.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

use crate::base::ids::PersonId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{matching_hit, matching_list, preapplication, recognition};

/// What the county wrote of one that it has passed.
pub const PASSED: &str = "通过";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hardship {
    /// The county has passed the pre-application of this year.
    pub is_passed: bool,
    /// 困难等级 of this year; empty where there is none.
    pub level: String,
    pub family_kind: String,
    pub high_school: String,
}

impl Hardship {
    /// `预申请已通过，特别困难`; none when nobody has recognised anything.
    pub fn in_words(&self) -> Option<String> {
        let passed = if self.is_passed { "预申请已通过" } else { "" };
        let both: Vec<&str> =
            [passed, &self.level].into_iter().filter(|words| !words.is_empty()).collect();
        (!both.is_empty()).then(|| both.join("，"))
    }
}

/// Of one student in a year.
pub fn of(db: &mut Db, scope: &Scope, person: PersonId, year: i32) -> AppResult<Hardship> {
    let asked_for: Option<(String, String, String)> = preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::person_id.eq(person))
        .filter(preapplication::year.eq(year))
        .filter(preapplication::is_draft.eq(false))
        .select((
            preapplication::county_opinion,
            preapplication::family_kind,
            preapplication::high_school,
        ))
        .first(db)
        .optional()?;
    let level: Option<String> = recognition::table
        .filter(scope.holds(recognition::office_code))
        .filter(recognition::person_id.eq(person))
        .filter(recognition::year.eq(year))
        .select(recognition::level)
        .first(db)
        .optional()?;
    let (opinion, family_kind, high_school) = asked_for.unwrap_or_default();
    let is_passed = opinion.starts_with(PASSED);
    Ok(Hardship { is_passed, level: level.unwrap_or_default(), family_kind, high_school })
}

/// Where somebody stands on a received list: a hint, no finding.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize)]
pub struct OnList {
    pub list: String,
    /// A list that counts; the others are only shown (rules-more.md 3.8).
    pub counts: bool,
    /// Sheet, from 1, and row.
    pub sheet: i32,
    pub line: i32,
    /// As a member of the family, not as the one whose row it is.
    pub is_member: bool,
    pub found_on: NaiveDate,
}

/// Received lists on which somebody stands by their number in a school year, newest first.
pub fn on_lists(
    db: &mut Db,
    scope: &Scope,
    (id_index, year): (&[u8], i32),
) -> AppResult<Vec<OnList>> {
    Ok(matching_hit::table
        .inner_join(matching_list::table)
        .filter(scope.holds(matching_hit::office_code))
        .filter(matching_hit::id_index.eq(id_index))
        .filter(matching_hit::year.eq(year))
        .order((matching_hit::found_on.desc(), matching_hit::id))
        .select((
            matching_list::name,
            matching_list::counts,
            matching_hit::sheet,
            matching_hit::line,
            matching_hit::is_member,
            matching_hit::found_on,
        ))
        .load(db)?)
}

/// 困难等级 of these people in a year.
pub fn levels(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
    year: i32,
) -> AppResult<HashMap<PersonId, String>> {
    let mut found = HashMap::new();
    for chunk in people.chunks(BINDS_MAX) {
        let rows: Vec<(PersonId, String)> = recognition::table
            .filter(scope.holds(recognition::office_code))
            .filter(recognition::person_id.any_of(chunk))
            .filter(recognition::year.eq(year))
            .select((recognition::person_id, recognition::level))
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}
