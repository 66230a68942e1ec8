//! What each contract will ask for, year by year. Reads only; every figure comes from a statement
//! as of the last day that is foreseen, with the events that are recorded today.

use chrono::{Datelike, NaiveDate};

use super::rules::{Assumption, Due, Line, YEARS};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::facts::LoanFacts;
use crate::book::position::{self, Basis};
use crate::book::statement::{self, AsOf, Event};
use crate::reports::contract_line::{Contract, ContractLine, Report};

/// The forecast of a day: one line for each contract that asks for something.
#[derive(Clone)]
pub struct Forecast {
    pub scope: Scope,
    pub today: NaiveDate,
    pub assumption: Assumption,
    /// The rules under the assumption.
    basis: Basis,
}

impl Forecast {
    pub fn new(scope: Scope, basis: &Basis, today: NaiveDate, assumption: Assumption) -> Forecast {
        let years = today.year()..today.year() + YEARS;
        Forecast { scope, today, assumption, basis: assumption.on(basis, today, years) }
    }
}

impl ContractLine for Line {
    fn ids(&self) -> (FileId, LoanId) {
        (self.file_id, self.loan_id)
    }
}

impl Report for Forecast {
    type Key = (NaiveDate, Assumption);
    type Line = Line;

    fn key(&self) -> (NaiveDate, Assumption) {
        (self.today, self.assumption)
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
        let first = self.today.year();
        let last = day_in(first + YEARS - 1, 12, 31);
        let events = position::with_waivers(events, &self.basis);
        // What falls due after today awaits its payment, and is not late.
        let days = AsOf::known_until(last, Some(self.today));
        let found = statement::statement(&terms, &events, &self.basis.rates, days)
            .map_err(|error| contract.left_out(&error))?;
        let mut years = vec![Due::default(); usize::try_from(YEARS).unwrap_or_default()];
        let mut add = |on: NaiveDate, due: Due| {
            let at = usize::try_from(on.year() - first).unwrap_or(usize::MAX);
            if let Some(year) = years.get_mut(at).filter(|_| on > self.today) {
                year.add(due);
            }
        };
        for row in &found.instalments {
            let (principal, interest) = (row.principal, row.interest);
            add(row.due_on, Due { principal, interest, ..Due::default() });
        }
        for paid in &found.state_paid {
            add(paid.settled_on, Due { state: paid.interest, ..Due::default() });
        }
        while years.last().is_some_and(|year| year.is_zero()) {
            years.pop();
        }
        let (loan_id, file_id) = (contract.id, contract.file_id);
        Ok((!years.is_empty()).then(|| Line { loan_id, file_id, years: years.into() }))
    }
}
