//! The lines of a report as of a day, kept until something that they are made of changes: a
//! hundred thousand statements take seconds, and every figure is a link.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, max, sum};
use diesel::prelude::*;

use super::facts::{self, Found};
use crate::app::App;
use crate::base::ids::EventId;
use crate::base::scope::Scope;
use crate::book::position::Basis;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_event, loan_file, overdue_case, person, staff};

/// Days kept for one office: today's, one to compare with, and one that somebody opens.
const DAYS_MAX: usize = 3;

/// What the lines are made of. Another stamp, other lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    last_event: Option<EventId>,
    events: i64,
    changed: [Option<NaiveDateTime>; 3],
    versions: [i64; 3],
}

type Entry<T> = (NaiveDate, Stamp, Arc<T>);

/// The lines kept, by offices.
#[derive(Debug)]
pub struct ReportCache<T> {
    days: Mutex<HashMap<Vec<String>, Vec<Entry<T>>>>,
}

impl<T> Default for ReportCache<T> {
    fn default() -> ReportCache<T> {
        ReportCache { days: Mutex::default() }
    }
}

impl<T: Send + Sync + 'static> ReportCache<T> {
    fn of(app: &App) -> Arc<ReportCache<T>> {
        app.shared.get()
    }

    fn get(&self, codes: &[String], day: NaiveDate, stamp: &Stamp) -> Option<Arc<T>> {
        let days = self.days.lock().ok()?;
        let found = days.get(codes)?.iter().find(|(on, of, _)| *on == day && of == stamp)?;
        Some(found.2.clone())
    }

    fn put(&self, codes: &[String], entry: Entry<T>) {
        let Ok(mut days) = self.days.lock() else { return };
        let own = days.entry(codes.to_vec()).or_default();
        own.retain(|(day, _, _)| *day != entry.0);
        if own.len() >= DAYS_MAX {
            own.remove(0);
        }
        own.push(entry);
    }
}

/// The lines of `day`: those kept when nothing has changed, otherwise computed anew.
pub async fn lines(app: &App, scope: &Scope, day: NaiveDate) -> AppResult<Arc<Found>> {
    let (inner, scope) = (app.clone(), scope.clone());
    app.read(move |db| lines_of(&inner, db, &scope, day, facts::on)).await
}

/// What `find` finds as of a day, or has found before the next change.
pub fn lines_of<T: Send + Sync + 'static>(
    app: &App,
    db: &mut Db,
    scope: &Scope,
    day: NaiveDate,
    find: impl FnOnce(&mut Db, &Scope, &Basis, NaiveDate) -> AppResult<T>,
) -> AppResult<Arc<T>> {
    let stamp = stamp(db, scope, app.basis().version)?;
    if let Some(found) = ReportCache::of(app).get(scope.codes(), day, &stamp) {
        return Ok(found);
    }
    let found = Arc::new(find(db, scope, &app.basis(), day)?);
    ReportCache::of(app).put(scope.codes(), (day, stamp, found.clone()));
    Ok(found)
}

fn stamp(db: &mut Db, scope: &Scope, rules: i64) -> AppResult<Stamp> {
    let codes = scope.codes();
    let (last_event, events) = loan_event::table
        .filter(loan_event::office_code.eq_any(codes))
        .select((max(loan_event::id), count_star()))
        .get_result(db)?;
    let loans = loan::table
        .filter(loan::office_code.eq_any(codes))
        .select(max(loan::updated_at))
        .get_result(db)?;
    let files = loan_file::table
        .filter(loan_file::office_code.eq_any(codes))
        .select(max(loan_file::updated_at))
        .get_result(db)?;
    let people = person::table
        .filter(person::office_code.eq_any(codes))
        .select(max(person::updated_at))
        .get_result(db)?;
    let cases: Option<i64> = overdue_case::table
        .filter(overdue_case::office_code.eq_any(codes))
        .select(sum(overdue_case::version))
        .get_result(db)?;
    let clerks: Option<i64> = staff::table
        .filter(staff::office_code.eq_any(codes))
        .select(sum(staff::version))
        .get_result(db)?;
    let versions = [cases.unwrap_or_default(), clerks.unwrap_or_default(), rules];
    Ok(Stamp { last_event, events, changed: [loans, files, people], versions })
}
