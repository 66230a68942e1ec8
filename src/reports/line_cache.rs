//! The lines of a report, one a contract, kept for a day: what changed since is computed anew,
//! contract by contract, and the rest stays. A hundred thousand statements take seconds, every
//! figure is a link, and while an import runs there is a change at every moment.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::{count_star, max, sum};
use diesel::prelude::*;

use crate::base::ids::{EventId, LoanId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::revision::Revision;
use crate::plumbing::schema::{loan, loan_event, loan_file, overdue_case, person, staff};

/// Lines kept in all: the newest day of the largest county we know of, or some days of a small one.
const LINES_MAX: usize = 200_000;
/// A write takes its time before it waits for its turn, and waits no longer than this: one that is
/// as old may have come to an end only now.
const LATE: TimeDelta = TimeDelta::seconds(12);

pub trait ContractLine: Clone {
    fn loan_id(&self) -> LoanId;
}

#[derive(Clone, Debug)]
pub struct Found<L> {
    /// In the order of the contracts; none for one that has nothing to say.
    pub lines: Vec<L>,
    /// Contracts whose statement cannot be computed: in no figure, and the page says so.
    pub left_out: Vec<(LoanId, String)>,
}

impl<L> Default for Found<L> {
    fn default() -> Found<L> {
        Found { lines: Vec::new(), left_out: Vec::new() }
    }
}

impl<L> Found<L> {
    /// Why contracts are left out, as pages say it.
    pub fn left_out(&self) -> Vec<String> {
        self.left_out.iter().map(|(_, why)| why.clone()).collect()
    }
}

/// How a report makes its lines.
pub trait Report {
    /// What a set of lines is for: a day.
    type Key: PartialEq;
    type Line: ContractLine;

    fn key(&self) -> Self::Key;
    /// The lines of all contracts, or of these.
    fn compute(&self, db: &mut Db, only: Option<&[LoanId]>) -> AppResult<Found<Self::Line>>;
    /// What depends on more than the contract itself, after lines have changed or people have.
    fn complete(&self, db: &mut Db, found: &mut Found<Self::Line>) -> AppResult<()>;
}

/// What the lines are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    last_event: Option<EventId>,
    events: i64,
    last_loan: Option<LoanId>,
    loans: i64,
    loans_changed: Option<NaiveDateTime>,
    /// Of files and people.
    changed: [Option<NaiveDateTime>; 2],
    /// Of cases and staff.
    versions: [i64; 2],
}

struct Entry<R: Report> {
    offices: Vec<String>,
    key: R::Key,
    rules: i64,
    revision: Revision,
    stamp: Stamp,
    found: Arc<Found<R::Line>>,
}

pub struct LineCache<R: Report>(Mutex<Vec<Entry<R>>>);

impl<R: Report> Default for LineCache<R> {
    fn default() -> LineCache<R> {
        LineCache(Mutex::default())
    }
}

impl<R: Report> LineCache<R> {
    /// The lines as this reading sees them. `rules`: the version of the rules they are made by.
    pub fn get(
        &self,
        db: &mut Db,
        (scope, rules): (&Scope, i64),
        report: &R,
    ) -> AppResult<Arc<Found<R::Line>>> {
        let revision = Revision::of(db)?;
        let key = report.key();
        let known = self.taken(|entry| {
            entry.offices == scope.codes() && entry.key == key && entry.rules == rules
        });
        if let Some(entry) = known.as_ref().filter(|entry| entry.revision == revision) {
            let found = entry.found.clone();
            self.all().extend(known);
            return Ok(found);
        }
        let stamp = Stamp::of(db, scope)?;
        let found = match known {
            Some(entry) => follow(db, scope, report, entry, &stamp)?,
            None => None,
        };
        let found = match found {
            Some(found) => found,
            None => {
                let mut found = report.compute(db, None)?;
                report.complete(db, &mut found)?;
                Arc::new(found)
            }
        };
        let offices = scope.codes().to_vec();
        let found_now = found.clone();
        let mut all = self.all();
        all.push(Entry { offices, key, rules, revision, stamp, found });
        while all.len() > 1
            && all.iter().map(|one| one.found.lines.len()).sum::<usize>() > LINES_MAX
        {
            all.remove(0);
        }
        Ok(found_now)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Entry<R>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self, is_it: impl Fn(&Entry<R>) -> bool) -> Option<Entry<R>> {
        let mut all = self.all();
        let at = all.iter().position(is_it)?;
        Some(all.remove(at))
    }
}

/// The lines of before, with those of the contracts that have changed since. Nothing when it cannot
/// be told which these are.
fn follow<R: Report>(
    db: &mut Db,
    scope: &Scope,
    report: &R,
    entry: Entry<R>,
    now: &Stamp,
) -> AppResult<Option<Arc<Found<R::Line>>>> {
    if entry.stamp == *now {
        return Ok(Some(entry.found));
    }
    let Some(changed) = entry.stamp.changed_since(db, scope, now)? else { return Ok(None) };
    let mut found = Arc::try_unwrap(entry.found).unwrap_or_else(|shared| (*shared).clone());
    found.lines.retain(|line| !changed.contains(&line.loan_id()));
    found.left_out.retain(|(id, _)| !changed.contains(id));
    let ids: Vec<LoanId> = changed.into_iter().collect();
    let fresh = report.compute(db, Some(&ids))?;
    found.lines.extend(fresh.lines);
    found.left_out.extend(fresh.left_out);
    found.lines.sort_by_key(ContractLine::loan_id);
    found.left_out.sort_by_key(|(id, _)| *id);
    report.complete(db, &mut found)?;
    Ok(Some(Arc::new(found)))
}

impl Stamp {
    fn of(db: &mut Db, scope: &Scope) -> AppResult<Stamp> {
        let (last_event, events) = loan_event::table
            .filter(scope.holds(loan_event::office_code))
            .select((max(loan_event::id), count_star()))
            .get_result(db)?;
        let (last_loan, loans, loans_changed) = loan::table
            .filter(scope.holds(loan::office_code))
            .select((max(loan::id), count_star(), max(loan::updated_at)))
            .get_result(db)?;
        let files = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .select(max(loan_file::updated_at))
            .get_result(db)?;
        let people = person::table
            .filter(scope.holds(person::office_code))
            .select(max(person::updated_at))
            .get_result(db)?;
        let cases: Option<i64> = overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .select(sum(overdue_case::version))
            .get_result(db)?;
        let clerks: Option<i64> = staff::table
            .filter(scope.holds(staff::office_code))
            .select(sum(staff::version))
            .get_result(db)?;
        let (changed, versions) = ([files, people], [cases, clerks].map(Option::unwrap_or_default));
        Ok(Stamp { last_event, events, last_loan, loans, loans_changed, changed, versions })
    }

    /// Contracts with an event that was not there yet, or of which something was written since.
    /// Nothing when the counts do not agree: something was there late, or is gone.
    fn changed_since(
        &self,
        db: &mut Db,
        scope: &Scope,
        now: &Stamp,
    ) -> AppResult<Option<HashSet<LoanId>>> {
        let (Some(event), Some(last), Some(since)) =
            (self.last_event, self.last_loan, self.loans_changed)
        else {
            return Ok(None);
        };
        let events: Vec<LoanId> = loan_event::table
            .filter(scope.holds(loan_event::office_code))
            .filter(loan_event::id.gt(event))
            .select(loan_event::loan_id)
            .load(db)?;
        let loans: Vec<LoanId> = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::updated_at.ge(since - LATE))
            .select(loan::id)
            .load(db)?;
        let new: i64 = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::id.gt(last))
            .count()
            .get_result(db)?;
        let more = i64::try_from(events.len()).unwrap_or(i64::MAX);
        if self.events + more != now.events || self.loans + new != now.loans {
            return Ok(None);
        }
        Ok(Some(events.into_iter().chain(loans).collect()))
    }
}
