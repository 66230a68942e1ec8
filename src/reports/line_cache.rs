//! The lines of a report, one a contract, kept for a day: what changed since is computed anew,
//! contract by contract, and the rest stays. A hundred thousand statements take seconds and every
//! figure is a link.
//!
//! While a large import is being posted there is a change at every moment. Pages then get the lines
//! of before and say so; when it has come to its end they are computed in the background.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::dsl::{count_star, max, sum};
use diesel::prelude::*;

use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{EventId, LoanId};
use crate::base::scope::Scope;
use crate::book::importing;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::revision::Revision;
use crate::plumbing::schema::{loan, loan_event, loan_file, overdue_case, person, staff};
use crate::reports::contract_line::{ContractLine, Found, Report, lines_of};

/// Lines kept of a report: two Decembers of the largest county we know of, or more days of a small
/// one.
const LINES_MAX: usize = 300_000;
/// A write takes its time before it waits for its turn, and waits no longer than this: one that is
/// as old may have come to an end only now.
const LATE: TimeDelta = TimeDelta::seconds(12);

/// Lines as a page gets them.
#[derive(Clone)]
pub struct Lines<L> {
    pub found: Arc<Found<L>>,
    /// When they were computed, if a large import has changed much since.
    behind_since: Option<NaiveDateTime>,
}

impl<L> Lines<L> {
    /// What a page says of lines that are behind.
    pub fn note(&self) -> Option<String> {
        let since = local(self.behind_since?).format("%H:%M").to_string();
        Some(format!("正在导入数据，这里是 {since} 时的数字；导入完成后刷新本页就是新的"))
    }
}

/// A line below a title, with what is to be said of lines that are behind.
pub fn with_note(subtitle: String, note: Option<String>) -> String {
    note.map_or(subtitle.clone(), |note| format!("{subtitle}。{note}"))
}

impl<L> Deref for Lines<L> {
    type Target = Found<L>;

    fn deref(&self) -> &Found<L> {
        &self.found
    }
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
    computed_at: NaiveDateTime,
    stamp: Stamp,
    found: Arc<Found<R::Line>>,
}

impl<R: Report> Entry<R> {
    fn is_of(&self, report: &R) -> bool {
        let rules = report.basis().version;
        self.rules == rules && self.offices == report.scope().codes() && self.key == report.key()
    }

    fn lines(&self) -> Arc<Found<R::Line>> {
        self.found.clone()
    }
}

struct LineCache<R: Report> {
    entries: Mutex<Vec<Entry<R>>>,
    /// Held by who computes: whoever waits for it finds the lines there.
    computing: Mutex<()>,
    /// Somebody is about to compute in the background.
    refreshing: AtomicBool,
}

impl<R: Report> Default for LineCache<R> {
    fn default() -> LineCache<R> {
        let (entries, computing) = (Mutex::default(), Mutex::default());
        LineCache { entries, computing, refreshing: AtomicBool::new(false) }
    }
}

/// What `body` makes of the lines: away from the threads that serve pages, since adding up a
/// hundred thousand takes its time, and in the lane of long readings when there is much to compute.
pub async fn read<R: Report, T: Send + 'static>(
    app: &App,
    report: R,
    body: impl FnOnce(&Lines<R::Line>) -> T + Send + 'static,
) -> AppResult<T> {
    let cache = app.shared.get::<LineCache<R>>();
    let (known, now) = ((cache.clone(), report.clone()), app.clock.now_at());
    if let Some((lines, is_over)) = app.read(move |db| known.0.known(db, &known.1, now)).await? {
        if is_over {
            cache.refresh(app, report);
        }
        return actix_web::web::block(move || body(&lines)).await.map_err(AppError::broken);
    }
    app.read_long(move |db| Ok(body(&cache.get(db, &report, now)?))).await
}

impl<R: Report> LineCache<R> {
    /// The lines if nothing has changed, or those of before while a large import is being posted
    /// or has come to its end since (`true`).
    fn known(
        &self,
        db: &mut Db,
        report: &R,
        now: NaiveDateTime,
    ) -> AppResult<Option<(Lines<R::Line>, bool)>> {
        let revision = Revision::of(db)?;
        let found = self.find(report, |one| (one.revision.clone(), one.computed_at, one.lines()));
        let Some((own, computed_at, found)) = found else { return Ok(None) };
        if own == revision {
            return Ok(Some((Lines { found, behind_since: None }, false)));
        }
        if (now - computed_at).to_std().is_ok_and(|age| age > importing::PATIENCE) {
            return Ok(None);
        }
        let large = importing::posted_since(db, report.scope(), computed_at)?;
        let lines = Lines { found, behind_since: Some(computed_at) };
        Ok((!large.is_empty()).then(|| (lines, large.iter().all(|state| state == "posted"))))
    }

    /// Computes what has changed, in the background, unless somebody does already.
    fn refresh(self: &Arc<Self>, app: &App, report: R) {
        if self.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (cache, own, now) = (self.clone(), app.clone(), app.clock.now_at());
        actix_web::rt::spawn(async move {
            let of = cache.clone();
            let done = own.read_long(move |db| of.get(db, &report, now).map(|_| ())).await;
            cache.refreshing.store(false, Ordering::Release);
            if let Err(error) = done {
                tracing::warn!(%error, "a report could not be computed in the background");
            }
        });
    }

    /// The lines as this reading sees them.
    fn get(&self, db: &mut Db, report: &R, now: NaiveDateTime) -> AppResult<Lines<R::Line>> {
        let _computing = self.computing.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = Revision::of(db)?;
        let known = self.find(report, |one| (one.revision.clone(), one.stamp.clone(), one.lines()));
        if let Some((_, _, found)) = known.as_ref().filter(|(own, _, _)| *own == revision) {
            return Ok(Lines { found: found.clone(), behind_since: None });
        }
        let stamp = Stamp::of(db, report.scope())?;
        let followed = match known {
            Some((_, of, before)) => follow(db, report, (before, &of), &stamp)?,
            None => None,
        };
        let found = match followed {
            Some(found) => found,
            None => Arc::new(report.compute(db)?),
        };
        self.put(report, (revision, now), stamp, found.clone());
        Ok(Lines { found, behind_since: None })
    }

    fn put(
        &self,
        report: &R,
        (revision, computed_at): (Revision, NaiveDateTime),
        stamp: Stamp,
        found: Arc<Found<R::Line>>,
    ) {
        let (offices, key) = (report.scope().codes().to_vec(), report.key());
        let rules = report.basis().version;
        let mut all = self.entries();
        all.retain(|one| !one.is_of(report));
        all.push(Entry { offices, key, rules, revision, computed_at, stamp, found });
        while all.len() > 1
            && all.iter().map(|one| one.found.lines.len()).sum::<usize>() > LINES_MAX
        {
            all.remove(0);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry<R>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find<T>(&self, report: &R, of: impl FnOnce(&Entry<R>) -> T) -> Option<T> {
        self.entries().iter().find(|entry| entry.is_of(report)).map(of)
    }
}

/// The lines of before, with those of the contracts that have changed since. Nothing when it cannot
/// be told which these are.
fn follow<R: Report>(
    db: &mut Db,
    report: &R,
    (before, stamp): (Arc<Found<R::Line>>, &Stamp),
    now: &Stamp,
) -> AppResult<Option<Arc<Found<R::Line>>>> {
    if stamp == now {
        return Ok(Some(before));
    }
    let Some(changed) = stamp.changed_since(db, report.scope(), now)? else { return Ok(None) };
    let ids: Vec<LoanId> = changed.iter().copied().collect();
    let mut found = lines_of(db, report, Some(&ids))?;
    let stays = |id: LoanId| !changed.contains(&id);
    found.lines.extend(before.lines.iter().filter(|line| stays(line.ids().1)).cloned());
    found.left_out.extend(before.left_out.iter().filter(|(id, _)| stays(*id)).cloned());
    found.lines.sort_by_key(ContractLine::ids);
    found.lines.shrink_to_fit();
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
        let (last_loan, loans) = loan::table
            .filter(scope.holds(loan::office_code))
            .select((max(loan::id), count_star()))
            .get_result(db)?;
        // The newest change of each lender is found in the index, that of all of them is not.
        let mut loans_changed: Option<NaiveDateTime> = None;
        for product in Product::ALL {
            let newest = loan::table
                .filter(scope.holds(loan::office_code))
                .filter(loan::product.eq(product.as_text()))
                .select(max(loan::updated_at))
                .get_result(db)?;
            loans_changed = loans_changed.max(newest);
        }
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
            .filter(loan::product.eq_any(Product::ALL.iter().map(|one| one.as_text())))
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
