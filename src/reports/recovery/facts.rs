//! One line for each contract of an office, from its statement on the day. Reads only, some
//! thousand contracts at a time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::rules::{DueYear, Line, Owner, Sums, find_defaults};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::facts::LoanFacts;
use crate::book::position::{self, Basis};
use crate::book::statement::{self, Event, EventKind, RowKind, Totals};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, overdue_case, person, staff};
use crate::reports::contract_line::{self, Contract, ContractLine, Report};

pub type Found = contract_line::Found<Line>;

type OwnerRow = (FileId, String, Option<StaffId>, String, String, String, String);

/// Whose the files are.
pub fn owners(db: &mut Db, scope: &Scope) -> AppResult<HashMap<FileId, Arc<Owner>>> {
    let clerks: HashMap<StaffId, String> = staff::table
        .filter(scope.holds(staff::office_code))
        .select((staff::id, staff::name))
        .load::<(StaffId, String)>(db)?
        .into_iter()
        .collect();
    let cases: HashMap<FileId, StaffId> = overdue_case::table
        .filter(scope.holds(overdue_case::office_code))
        .filter(overdue_case::owner_id.is_not_null())
        .filter(overdue_case::closed_on.is_null())
        .select((overdue_case::file_id, overdue_case::owner_id.assume_not_null()))
        .load::<(FileId, StaffId)>(db)?
        .into_iter()
        .collect();
    let rows: Vec<OwnerRow> = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(loan_file::office_code))
        .select((
            loan_file::id,
            loan_file::file_no,
            loan_file::owner_id,
            loan_file::high_school,
            loan_file::university,
            person::name,
            person::township,
        ))
        .load(db)?;
    // Few places, schools and clerks are of many families.
    let mut shared: HashSet<Arc<str>> = HashSet::new();
    let mut share = |text: &str| match shared.get(text) {
        Some(known) => known.clone(),
        None => {
            let fresh: Arc<str> = text.into();
            shared.insert(fresh.clone());
            fresh
        }
    };
    let owner = |(id, file_no, own, school, university, name, township): OwnerRow| {
        let clerk = own.or_else(|| cases.get(&id).copied()).and_then(|id| clerks.get(&id));
        let owner = Owner {
            file_no: file_no.into(),
            name: name.into(),
            township: share(&township),
            school: share(&school),
            university: share(&university),
            clerk: share(clerk.map_or("", String::as_str)),
        };
        (id, Arc::new(owner))
    };
    Ok(rows.into_iter().map(owner).collect())
}

/// The report of a day.
#[derive(Clone)]
pub struct Recovery {
    pub scope: Scope,
    pub basis: Basis,
    pub day: NaiveDate,
}

impl ContractLine for Line {
    fn ids(&self) -> (FileId, LoanId) {
        (self.file_id, self.loan_id)
    }
}

impl Report for Recovery {
    type Key = NaiveDate;
    type Line = Line;

    fn key(&self) -> NaiveDate {
        self.day
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn basis(&self) -> &Basis {
        &self.basis
    }

    fn until(&self) -> NaiveDate {
        self.day
    }

    fn line(
        &self,
        contract: &Contract,
        facts: &LoanFacts,
        events: Vec<Event>,
    ) -> Result<Option<Line>, String> {
        let events = position::with_waivers(events, &self.basis);
        let (by_due_year, got) = sums(contract, facts, &events, (&self.basis, self.day))?;
        Ok(Some(Line {
            loan_id: contract.id,
            file_id: contract.file_id,
            owner: Arc::default(),
            contract_no: contract.contract_no.as_str().into(),
            loan_year: contract.loan_year,
            by_due_year,
            got,
            is_default: false,
        }))
    }

    fn complete(&self, db: &mut Db, found: &mut Found) -> AppResult<()> {
        let owners = owners(db, &self.scope)?;
        for line in &mut found.lines {
            line.owner = owners.get(&line.file_id).cloned().unwrap_or_default();
        }
        find_defaults(&mut found.lines, self.basis.smallest_arrears);
        Ok(())
    }
}

fn sums(
    one: &Contract,
    facts: &LoanFacts,
    events: &[Event],
    (basis, day): (&Basis, NaiveDate),
) -> Result<(Box<[DueYear]>, [Fen; 3]), String> {
    let terms = facts.terms().map_err(|_| one.damaged())?;
    let wrong = |e| one.left_out(&e);
    let now = statement::statement(&terms, events, &basis.rates, day).map_err(wrong)?;
    let mut years: BTreeMap<i32, Sums> = BTreeMap::new();
    let due = now.instalments.iter().filter(|row| row.kind == RowKind::DueDay && row.due_on <= day);
    for row in due {
        let sums = years.entry(row.due_on.year()).or_default();
        sums.due_principal += row.principal;
        sums.paid_principal += row.paid_principal;
        sums.due_interest += row.interest;
        sums.paid_interest += row.paid_interest;
        if row.due_on < day {
            sums.late_principal += row.principal - row.paid_principal;
        }
    }
    let years = years.iter().map(|(year, sums)| DueYear::new(*year, sums));
    let years = years.collect::<Option<_>>().ok_or_else(|| one.damaged())?;
    let mut got = [Fen::ZERO; 3];
    if has_money(events) {
        let before = day_in(day.year(), 1, 1).pred_opt().unwrap_or(day);
        let then = match statement::statement(&terms, events, &basis.rates, before) {
            Ok(then) => then.totals,
            // Not signed or not yet paid out then.
            Err(_) if before < terms.signed_on => Totals::default(),
            Err(error) => return Err(wrong(error)),
        };
        got = [
            principal(&now.totals) - principal(&then),
            now.totals.interest_paid - then.interest_paid,
            now.totals.penalty_paid - then.penalty_paid,
        ];
    }
    Ok((years, got))
}

/// Principal repaid, by whomever.
fn principal(totals: &Totals) -> Fen {
    totals.principal_by_borrower + totals.principal_by_compensation + totals.principal_by_relief
}

/// Did anybody ever pay something?
fn has_money(events: &[Event]) -> bool {
    events.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::Paid { .. }
                | EventKind::Prepaid { .. }
                | EventKind::Compensated { .. }
                | EventKind::Relieved { .. }
        )
    })
}
