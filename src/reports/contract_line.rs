//! One line for each contract of an office, from its events up to a day: what a report adds up.
//! Reads only.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::facts::{self, LoanFacts};
use crate::book::position::Basis;
use crate::book::statement::{Event, StatementError};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan;

/// Contracts whose events are in memory at one time.
const AT_ONCE: usize = 2_000;

pub trait ContractLine: Clone + Send + Sync + 'static {
    /// The person's file and the contract.
    fn ids(&self) -> (FileId, LoanId);
}

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

impl Contract {
    /// Why it has no line, as pages say it: its events contradict each other.
    pub fn left_out(&self, error: &StatementError) -> String {
        format!("合同 {}（{error}）", self.contract_no)
    }

    /// The same of one whose record is damaged.
    pub fn damaged(&self) -> String {
        format!("合同 {}（记录不完整）", self.contract_no)
    }
}

#[derive(Clone, Debug)]
pub struct Found<L> {
    /// Those of a person stand together; none for a contract that has nothing to say.
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
pub trait Report: Clone + Send + Sync + 'static {
    /// What a set of lines is for: a day.
    type Key: PartialEq + Send;
    type Line: ContractLine;

    fn key(&self) -> Self::Key;
    fn scope(&self) -> &Scope;
    fn basis(&self) -> &Basis;
    /// Contracts signed by this day are in it.
    fn until(&self) -> NaiveDate;
    /// The line of a contract, if it has something to say; or why it cannot be computed.
    fn line(
        &self,
        contract: &Contract,
        facts: &LoanFacts,
        events: Vec<Event>,
    ) -> Result<Option<Self::Line>, String>;
    /// What depends on more than the contract itself, after lines have changed or people have.
    fn complete(&self, _: &mut Db, _: &mut Found<Self::Line>) -> AppResult<()> {
        Ok(())
    }

    /// Everything, whatever is kept.
    fn compute(&self, db: &mut Db) -> AppResult<Found<Self::Line>> {
        let mut found = lines_of(db, self, None)?;
        self.complete(db, &mut found)?;
        Ok(found)
    }
}

/// The lines of all contracts, or of these; some thousand at a time.
pub fn lines_of<R: Report>(
    db: &mut Db,
    report: &R,
    only: Option<&[LoanId]>,
) -> AppResult<Found<R::Line>> {
    let scope = report.scope();
    let mut found = Found::default();
    for chunk in contracts(db, scope, report.until(), only)?.chunks(AT_ONCE) {
        let ids: Vec<LoanId> = chunk.iter().map(|one| one.id).collect();
        let terms: HashMap<LoanId, LoanFacts> =
            facts::loans(db, scope, &ids)?.into_iter().map(|one| (one.id, one)).collect();
        let mut lives = facts::events(db, scope, &ids)?;
        for one in chunk {
            let Some(facts) = terms.get(&one.id) else { continue };
            let own = lives.take(one.id).map_err(|_| one.damaged());
            match own.and_then(|events| report.line(one, facts, events)) {
                Ok(line) => found.lines.extend(line),
                Err(why) => found.left_out.push((one.id, why)),
            }
        }
    }
    found.lines.sort_by_key(ContractLine::ids);
    found.lines.shrink_to_fit();
    Ok(found)
}

/// Every contract of these offices, or only these, signed by `day`.
fn contracts(
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
