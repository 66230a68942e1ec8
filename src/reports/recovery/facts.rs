//! One line for each contract of an office, from its statement on the day. Reads only, some
//! thousand contracts at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::rules::{DueYear, Line, Owner, Sums, find_defaults};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::facts::{self, LoanFacts};
use crate::book::position::{self, Basis};
use crate::book::statement::{self, Event, EventKind, RowKind, Totals};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, loan_file, overdue_case, person, staff};
use crate::reports::line_cache::{self, ContractLine, Report};

/// Contracts whose events are in memory at one time.
pub const AT_ONCE: usize = 2_000;

pub type Found = line_cache::Found<Line>;

/// A contract of the office.
#[derive(Clone, Debug, Queryable)]
pub struct Contract {
    pub id: LoanId,
    pub file_id: FileId,
    /// 合同编号.
    pub contract_no: String,
    /// First year of the school year.
    pub loan_year: i32,
}

/// Every contract of these offices, or only these, signed by `day`.
pub fn contracts(
    db: &mut Db,
    scope: &Scope,
    day: NaiveDate,
    only: Option<&[LoanId]>,
) -> AppResult<Vec<Contract>> {
    let signed = || {
        let columns = (loan::id, loan::file_id, loan::contract_no, loan::loan_year);
        let signed = loan::table.filter(scope.holds(loan::office_code));
        signed.filter(loan::signed_on.le(day)).order(loan::id).select(columns)
    };
    let Some(only) = only else { return Ok(signed().load(db)?) };
    let mut found = Vec::with_capacity(only.len());
    for ids in only.chunks(AT_ONCE) {
        found.extend(signed().filter(loan::id.eq_any(ids)).load::<Contract>(db)?);
    }
    Ok(found)
}

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
    let owner = |(id, file_no, own, school, university, name, township): OwnerRow| {
        let clerk = own.or_else(|| cases.get(&id).copied()).and_then(|id| clerks.get(&id));
        let clerk = clerk.cloned().unwrap_or_default();
        (id, Arc::new(Owner { file_no, name, township, school, university, clerk }))
    };
    Ok(rows.into_iter().map(owner).collect())
}

/// Everything of these offices on `day`.
pub fn on(db: &mut Db, scope: &Scope, basis: &Basis, day: NaiveDate) -> AppResult<Found> {
    let report = Recovery { scope: scope.clone(), basis: basis.clone(), day };
    let mut found = report.compute(db, None)?;
    report.complete(db, &mut found)?;
    Ok(found)
}

/// The report of a day.
pub struct Recovery {
    pub scope: Scope,
    pub basis: Basis,
    pub day: NaiveDate,
}

impl ContractLine for Line {
    fn loan_id(&self) -> LoanId {
        self.loan_id
    }
}

impl Report for Recovery {
    type Key = NaiveDate;
    type Line = Line;

    fn key(&self) -> NaiveDate {
        self.day
    }

    fn compute(&self, db: &mut Db, only: Option<&[LoanId]>) -> AppResult<Found> {
        let Recovery { scope, basis, day } = self;
        let mut found = Found::default();
        for chunk in contracts(db, scope, *day, only)?.chunks(AT_ONCE) {
            let ids: Vec<LoanId> = chunk.iter().map(|one| one.id).collect();
            let terms: HashMap<LoanId, LoanFacts> =
                facts::loans(db, scope, &ids)?.into_iter().map(|one| (one.id, one)).collect();
            let mut lives = facts::events(db, scope, &ids)?;
            for one in chunk {
                let Some(facts) = terms.get(&one.id) else { continue };
                let own = lives.take(one.id).map_err(|_| damaged(&one.contract_no));
                let own = own.map(|own| position::with_waivers(own, basis));
                match own.and_then(|events| line(one, facts, &events, (basis, *day))) {
                    Ok((sums, by_due_year)) => found.lines.push(Line {
                        loan_id: one.id,
                        file_id: one.file_id,
                        owner: Arc::default(),
                        contract_no: one.contract_no.clone(),
                        loan_year: one.loan_year,
                        sums,
                        by_due_year,
                    }),
                    Err(why) => found.left_out.push((one.id, why)),
                }
            }
        }
        Ok(found)
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

/// Why a contract has no line, as pages say it: its events contradict each other.
pub fn left_out(contract_no: &str, error: &statement::StatementError) -> String {
    format!("合同 {contract_no}（{error}）")
}

/// The same of one whose record is damaged.
pub fn damaged(contract_no: &str) -> String {
    format!("合同 {contract_no}（记录不完整）")
}

fn line(
    one: &Contract,
    facts: &LoanFacts,
    events: &[Event],
    (basis, day): (&Basis, NaiveDate),
) -> Result<(Sums, Box<[DueYear]>), String> {
    let terms = facts.terms().map_err(|_| damaged(&one.contract_no))?;
    let wrong = |e| left_out(&one.contract_no, &e);
    let now = statement::statement(&terms, events, &basis.rates, day).map_err(wrong)?;
    let mut years: BTreeMap<i32, DueYear> = BTreeMap::new();
    let due = now.instalments.iter().filter(|row| row.kind == RowKind::DueDay && row.due_on <= day);
    for row in due {
        let year = row.due_on.year();
        let sums = years.entry(year).or_insert_with(|| DueYear { year, ..DueYear::default() });
        sums.due_principal += row.principal;
        sums.paid_principal += row.paid_principal;
        sums.due_interest += row.interest;
        sums.paid_interest += row.paid_interest;
        if row.due_on < day {
            sums.late_principal += row.principal - row.paid_principal;
        }
    }
    let mut sums = Sums::default();
    for part in years.values() {
        sums.add(&part.sums(false));
    }
    let mut sums = sums.counted();
    if has_money(events) {
        let before = day_in(day.year(), 1, 1).pred_opt().unwrap_or(day);
        let then = match statement::statement(&terms, events, &basis.rates, before) {
            Ok(then) => then.totals,
            // Not signed or not yet paid out then.
            Err(_) if before < terms.signed_on => Totals::default(),
            Err(error) => return Err(wrong(error)),
        };
        sums.got_principal = principal(&now.totals) - principal(&then);
        sums.got_interest = now.totals.interest_paid - then.interest_paid;
        sums.got_penalty = now.totals.penalty_paid - then.penalty_paid;
    }
    Ok((sums, years.into_values().collect()))
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
