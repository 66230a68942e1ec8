//! What is known of a student's difficulty in a year, wherever it was written down: pre-application
//! and recognition as the counter needs them. Reads only; their stages write.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::base::ids::PersonId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{preapplication, recognition};

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
