//! Whether a promise was fulfilled: by what was booked since it was made, for days from the day it
//! was made to the promised one. Nothing is decided before the bank has told of that day. Reads
//! only.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::kinds::State;
use super::store::Case;
use crate::base::ids::{CaseId, EventId, FileId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::payments_known;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_record, loan, loan_event, overdue_case};

/// What a family pays itself; a compensation or relief is no fulfilled promise.
const PAYMENTS: [&str; 2] = ["paid", "prepaid"];

/// What came in since a promise was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Payments {
    /// Up to the promised day.
    in_time: Fen,
    /// Up to the promised day a whole contract was repaid early: more than anybody promises.
    is_whole: bool,
    after: bool,
}

impl Payments {
    /// Of a family that still owes: only a promised sum can be reached.
    pub(super) fn reach(self, promised: Option<Fen>) -> bool {
        self.is_whole || promised.is_some_and(|fen| self.in_time >= fen)
    }

    /// Of a family that owes nothing any more.
    pub(super) fn clear_in_time(self, promised: Option<Fen>) -> bool {
        !self.after || self.reach(promised)
    }

    /// `约定 2026-12-28 还 500.00 元，到账 200.00 元`
    pub(super) fn in_words(self, case: &Case) -> String {
        let day = case.promised_on.map(|day| day.to_string()).unwrap_or_default();
        let sum = case.promised_fen.map(|fen| format!(" {} 元", fen.to_page_text()));
        let came = match self {
            Payments { is_whole: true, .. } => "提前还清了一份合同".to_owned(),
            Payments { in_time, .. } if in_time.is_positive() => {
                format!("到账 {} 元", in_time.to_page_text())
            }
            _ => "到那天没有到账".to_owned(),
        };
        format!("约定 {day} 还{}，{came}", sum.unwrap_or_default())
    }
}

/// Of these cases those whose promised day is over and known from the bank.
pub(super) fn due(
    db: &mut Db,
    scope: &Scope,
    today: NaiveDate,
    cases: &[Case],
) -> AppResult<HashSet<CaseId>> {
    let over = cases.iter().filter_map(|case| Some((case.id, case.file_id, case.promised_on?)));
    known_of(db, scope, today, over.collect())
}

/// Is there a promise that can be decided?
pub(super) fn is_due(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<bool> {
    let over: Vec<(CaseId, FileId, Option<NaiveDate>)> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::state.ne(State::Closed))
        .filter(overdue_case::promised_on.lt(today))
        .select((overdue_case::id, overdue_case::file_id, overdue_case::promised_on))
        .load(db)?;
    let over = over.into_iter().filter_map(|(id, file, day)| Some((id, file, day?))).collect();
    Ok(!known_of(db, scope, today, over)?.is_empty())
}

fn known_of(
    db: &mut Db,
    scope: &Scope,
    today: NaiveDate,
    mut promises: Vec<(CaseId, FileId, NaiveDate)>,
) -> AppResult<HashSet<CaseId>> {
    promises.retain(|(_, _, day)| *day < today);
    if promises.is_empty() {
        return Ok(HashSet::new());
    }
    let known = payments_known::load(db, scope)?;
    let files: Vec<FileId> = promises.iter().map(|(_, file, _)| *file).collect();
    let mut until: HashMap<FileId, Option<NaiveDate>> = HashMap::new();
    for chunk in files.chunks(BINDS_MAX) {
        let lenders: Vec<(FileId, String, String)> = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::file_id.eq_any(chunk))
            .select((loan::file_id, loan::office_code, loan::product))
            .distinct()
            .load(db)?;
        for (file, office, product) in lenders {
            let of_lender = match product == Product::Local.as_text() {
                true => Some(today),
                false => known.until(&office, &product),
            };
            let least = until.entry(file).or_insert(of_lender);
            *least = (*least).min(of_lender);
        }
    }
    let is_known = |(_, file, day): &(CaseId, FileId, NaiveDate)| {
        until.get(file).copied().flatten().is_some_and(|until| until >= *day)
    };
    Ok(promises.iter().filter(|one| is_known(one)).map(|(id, ..)| *id).collect())
}

/// What came in since the promise of each of these cases was made.
pub(super) fn payments(
    db: &mut Db,
    scope: &Scope,
    cases: &[&Case],
) -> AppResult<HashMap<CaseId, Payments>> {
    let made = made(db, scope, cases)?;
    let files: Vec<FileId> = cases.iter().map(|case| case.file_id).collect();
    let booked = booked(db, scope, &files)?;
    let mut found = HashMap::with_capacity(cases.len());
    for case in cases {
        let (Some(promised_on), Some((from, at))) = (case.promised_on, made.get(&case.id)) else {
            continue;
        };
        let mut sums = Payments::default();
        let since = booked.iter().filter(|one| one.file_id == case.file_id);
        // Of the day of the call itself only what was booked after it was written down.
        let counts = |day: NaiveDate, booked_at| day > *from || (day == *from && booked_at >= *at);
        for one in since.filter(|one| counts(one.effective_on, one.recorded_at)) {
            if one.effective_on > promised_on {
                sums.after = true;
            } else {
                sums.in_time += one.amount_fen.unwrap_or_default();
                sums.is_whole |= one.whole;
            }
        }
        found.insert(case.id, sums);
    }
    Ok(found)
}

/// When the promise that holds was made: the day of the contact, and when it was written down.
fn made(
    db: &mut Db,
    scope: &Scope,
    cases: &[&Case],
) -> AppResult<HashMap<CaseId, (NaiveDate, NaiveDateTime)>> {
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let promised: HashMap<CaseId, Option<NaiveDate>> =
        cases.iter().map(|case| (case.id, case.promised_on)).collect();
    let mut found = HashMap::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<(Option<CaseId>, Option<NaiveDate>, NaiveDate, NaiveDateTime)> =
            contact_record::table
                .filter(scope.holds(contact_record::office_code))
                .filter(contact_record::case_id.eq_any(chunk))
                .filter(contact_record::promised_on.is_not_null())
                .filter(contact_record::undone_at.is_null())
                .order(contact_record::id)
                .select((
                    contact_record::case_id,
                    contact_record::promised_on,
                    contact_record::on_day,
                    contact_record::recorded_at,
                ))
                .load(db)?;
        for (case, day, on_day, at) in rows {
            let case = case.filter(|case| promised.get(case) == Some(&day));
            found.extend(case.map(|case| (case, (on_day, at))));
        }
    }
    Ok(found)
}

#[derive(Queryable)]
struct Booked {
    id: EventId,
    file_id: FileId,
    effective_on: NaiveDate,
    recorded_at: NaiveDateTime,
    amount_fen: Option<Fen>,
    whole: bool,
}

/// What these families paid and nobody took back.
fn booked(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<Vec<Booked>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let of = || {
            loan_event::table
                .inner_join(loan::table)
                .filter(scope.holds(loan::office_code))
                .filter(loan::file_id.eq_any(chunk))
        };
        let reversed: Vec<Option<EventId>> = of()
            .filter(loan_event::reverses_id.is_not_null())
            .select(loan_event::reverses_id)
            .load(db)?;
        let reversed: HashSet<EventId> = reversed.into_iter().flatten().collect();
        let rows: Vec<Booked> = of()
            .filter(loan_event::kind.eq_any(PAYMENTS))
            .select((
                loan_event::id,
                loan::file_id,
                loan_event::effective_on,
                loan_event::recorded_at,
                loan_event::amount_fen,
                loan_event::whole,
            ))
            .load(db)?;
        found.extend(rows.into_iter().filter(|one| !reversed.contains(&one.id)));
    }
    Ok(found)
}
