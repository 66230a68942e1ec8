//! What the pricing day does to each contract. Reads only; every figure comes from a statement.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::rules::{Line, Year};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::facts::LoanFacts;
use crate::book::position::{self, Basis};
use crate::book::statement::{
    self, AsOf, Event, Product, RateSeries, RateTables, StatementError, Terms,
};
use crate::reports::contract_line::{Contract, ContractLine, Report};

/// The pricing day of this year, with the rules as they are and as if no LPR had come out since
/// the one before.
#[derive(Clone)]
pub struct RateDay {
    pub scope: Scope,
    pub today: NaiveDate,
    pub priced_on: NaiveDate,
    basis: Basis,
    /// With the LPR of the pricing day before.
    before: Basis,
}

impl RateDay {
    pub fn new(scope: Scope, basis: &Basis, today: NaiveDate) -> RateDay {
        // What is published later is not known, whatever a table says of it.
        let until = |day: NaiveDate| {
            let mut values = basis.rates.lpr().values().to_vec();
            values.retain(|(on, _)| *on <= day);
            let rates = Arc::new(basis.rates.with_lpr(RateSeries::new(values)));
            Basis { rates, ..basis.clone() }
        };
        let before = until(day_in(today.year() - 1, 12, 21));
        let priced_on = day_in(today.year(), 12, 21);
        RateDay { scope, today, priced_on, basis: until(today), before }
    }

    /// As they are known on the day of the report.
    pub fn rates(&self) -> Arc<RateTables> {
        Arc::clone(&self.basis.rates)
    }

    /// What the year from the pricing day to the next 12-20 asks of borrower and state.
    fn year(&self, basis: &Basis, terms: &Terms, events: &[Event]) -> Result<Year, StatementError> {
        let end = day_in(self.priced_on.year() + 1, 12, 20);
        let days = AsOf::known_until(end, Some(self.today));
        let found = statement::statement(terms, events, &basis.rates, days)?;
        let own = |on: NaiveDate| on >= self.priced_on && on <= end;
        let rows = found.instalments.iter().filter(|row| own(row.due_on));
        let paid = found.state_paid.iter().filter(|paid| own(paid.settled_on));
        Ok(Year {
            borrower: rows.map(|row| row.interest).sum(),
            state: paid.map(|paid| paid.interest).sum(),
        })
    }
}

impl ContractLine for Line {
    fn ids(&self) -> (FileId, LoanId) {
        (self.file_id, self.loan_id)
    }
}

impl Report for RateDay {
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

    /// Nothing for a contract without principal, or at a fixed rate.
    fn line(
        &self,
        contract: &Contract,
        facts: &LoanFacts,
        events: Vec<Event>,
    ) -> Result<Option<Line>, String> {
        let terms = facts.terms().map_err(|_| contract.damaged())?;
        let product = Product::from_text(&facts.product).ok_or_else(|| contract.damaged())?;
        let events = position::with_waivers(events, &self.basis);
        let left_out = |error: StatementError| contract.left_out(&error);
        let rate = |day: NaiveDate| {
            let days = AsOf::known_until(day, Some(self.today));
            let found = statement::statement(&terms, &events, &self.basis.rates, days);
            found.map(|found| (found.position.rate, found.position.principal_outstanding))
        };
        let eve = self.priced_on.pred_opt().unwrap_or(self.priced_on);
        let (old, _) = rate(eve).map_err(left_out)?;
        let (new, principal) = rate(self.priced_on).map_err(left_out)?;
        let Some((old, new)) = old.zip(new) else { return Ok(None) };
        Ok(Some(Line {
            loan_id: contract.id,
            file_id: contract.file_id,
            product,
            rates: (old, new),
            principal,
            before: self.year(&self.before, &terms, &events).map_err(left_out)?,
            after: self.year(&self.basis, &terms, &events).map_err(left_out)?,
        }))
    }
}
