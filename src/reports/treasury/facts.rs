//! What the state has to do with each contract. Reads only; every figure comes from a statement as
//! of the end of this year, with the events that are recorded today.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::rules::{Line, Settled};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::facts::LoanFacts;
use crate::book::position::{self, Basis};
use crate::book::statement::{self, AsOf, Event, PrincipalBasis, Product, Statement, Terms};
use crate::book::university::{Authority, authority};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan_file;
use crate::reports::contract_line::{Contract, ContractLine, Found, Report};

/// The lines of a day: one for each contract that the state has paid, or will pay this year.
#[derive(Clone)]
pub struct Treasury {
    pub scope: Scope,
    pub today: NaiveDate,
    basis: Basis,
}

impl Treasury {
    pub fn new(scope: Scope, basis: &Basis, today: NaiveDate) -> Treasury {
        Treasury { scope, today, basis: basis.clone() }
    }

    /// Penalty interest of waived years, by year: what the state's sum grew by in each.
    fn penalties(
        &self,
        (terms, events): (&Terms, &[Event]),
        found: &Statement,
    ) -> Result<Box<[(i32, Fen)]>, statement::StatementError> {
        let mut years = Vec::new();
        let mut before = Fen::ZERO;
        if found.totals.state_penalty.is_zero() {
            return Ok(Box::default());
        }
        for year in self.basis.waiver_years.iter().filter(|year| **year <= self.today.year()) {
            let days = AsOf::known_until(day_in(*year, 12, 31), Some(self.today));
            let then = statement::statement(terms, events, &self.basis.rates, days)?;
            let grown = then.totals.state_penalty - before;
            if grown.is_positive() {
                years.push((*year, grown));
            }
            before = then.totals.state_penalty;
        }
        Ok(years.into())
    }
}

impl ContractLine for Line {
    fn ids(&self) -> (FileId, LoanId) {
        (self.file_id, self.loan_id)
    }
}

impl Report for Treasury {
    type Key = NaiveDate;
    type Line = Line;

    fn key(&self) -> NaiveDate {
        self.today
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn basis(&self) -> &Basis {
        &self.basis
    }

    fn until(&self) -> NaiveDate {
        self.today
    }

    fn line(
        &self,
        contract: &Contract,
        facts: &LoanFacts,
        events: Vec<Event>,
    ) -> Result<Option<Line>, String> {
        let terms = facts.terms().map_err(|_| contract.damaged())?;
        let product = Product::from_text(&facts.product).ok_or_else(|| contract.damaged())?;
        let events = position::with_waivers(events, &self.basis);
        // What falls due after today awaits its payment, and is not late.
        let days = AsOf::known_until(day_in(self.today.year(), 12, 31), Some(self.today));
        let left_out = |error| contract.left_out(&error);
        let found = statement::statement(&terms, &events, &self.basis.rates, days);
        let found = found.map_err(left_out)?;
        if !found.totals.disbursed.is_positive() {
            return Ok(None);
        }
        let settled = found.state_paid.iter().map(|paid| Settled {
            on: paid.settled_on,
            subsidy: paid.subsidy(),
            waived: paid.waived,
        });
        let last = self.today.year();
        let deferred = found.instalments.iter().filter_map(|row| match row.principal_basis {
            PrincipalBasis::Deferred(fen) if row.due_on.year() <= last => {
                Some((row.due_on.year(), fen))
            }
            _ => None,
        });
        Ok(Some(Line {
            loan_id: contract.id,
            file_id: contract.file_id,
            office_code: facts.office_code.clone(),
            product,
            authority: Authority::Unknown,
            loan_year: contract.loan_year,
            disbursed: found.totals.disbursed,
            settled: settled.collect(),
            deferred: deferred.collect(),
            penalties: self.penalties((&terms, &events), &found).map_err(left_out)?,
        }))
    }

    /// Whose university it is.
    fn complete(&self, db: &mut Db, found: &mut Found<Line>) -> AppResult<()> {
        let files: Vec<(FileId, String)> = loan_file::table
            .filter(self.scope.holds(loan_file::office_code))
            .select((loan_file::id, loan_file::university))
            .load(db)?;
        let universities: HashMap<FileId, String> = files.into_iter().collect();
        let mut known: HashMap<(&str, String), Authority> = HashMap::new();
        for line in &mut found.lines {
            let Some(name) = universities.get(&line.file_id) else { continue };
            let key = (name.as_str(), line.office_code.clone());
            line.authority =
                *known.entry(key).or_insert_with(|| authority(name, &line.office_code));
        }
        Ok(())
    }
}
