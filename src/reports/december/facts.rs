//! How each contract's December instalment stood, day by day. Reads only.
//!
//! Money that comes before the due day is not used before it. So the statement is asked about
//! the due day (or a later day) with only the events that had happened by then: what it would
//! show if nothing else came in.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::rules::{Line, Part};
use crate::base::dates::day_in;
use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::facts::LoanFacts;
use crate::book::position::{self, Basis};
use crate::book::statement::{self, Event, RowKind};
use crate::reports::contract_line::{Contract, ContractLine, Report};

/// The report of a December, up to a day: one line for each contract with an instalment in it.
#[derive(Clone)]
pub struct December {
    pub scope: Scope,
    pub basis: Basis,
    pub year: i32,
    pub last: NaiveDate,
}

impl ContractLine for Line {
    fn ids(&self) -> (FileId, LoanId) {
        (self.file_id, self.loan_id)
    }
}

impl Report for December {
    type Key = (i32, NaiveDate);
    type Line = Line;

    fn key(&self) -> (i32, NaiveDate) {
        (self.year, self.last)
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn basis(&self) -> &Basis {
        &self.basis
    }

    fn until(&self) -> NaiveDate {
        self.last
    }

    fn line(
        &self,
        contract: &Contract,
        facts: &LoanFacts,
        events: Vec<Event>,
    ) -> Result<Option<Line>, String> {
        let steps = steps(contract, facts, &events, (&self.basis, self.year, self.last))?;
        let (loan_id, file_id) = (contract.id, contract.file_id);
        Ok((!steps.is_empty()).then(|| Line { loan_id, file_id, steps: steps.into() }))
    }
}

fn steps(
    contract: &Contract,
    facts: &LoanFacts,
    own: &[Event],
    (basis, year, last): (&Basis, i32, NaiveDate),
) -> Result<Vec<(NaiveDate, Part)>, String> {
    let terms = facts.terms().map_err(|_| contract.damaged())?;
    let first = day_in(year, 12, 1);
    let end = day_in(year, 12, 31);
    // From the last day backwards: most contracts have no instalment, and one question is enough.
    let part_on = |on: NaiveDate| -> Result<Part, String> {
        let events: Vec<Event> = own.iter().filter(|event| event.on <= on).copied().collect();
        let events = position::with_waivers(events, basis);
        let statement = statement::statement(&terms, &events, &basis.rates, end)
            .map_err(|error| contract.left_out(&error))?;
        let rows = statement.instalments.iter().filter(|row| {
            row.kind == RowKind::DueDay && row.due_on.year() == year && row.due_on.month() == 12
        });
        let mut part = Part::default();
        for row in rows {
            part.due_principal += row.principal;
            part.due_interest += row.interest;
            part.paid_principal += row.paid_principal;
            part.paid_interest += row.paid_interest;
        }
        Ok(part)
    };
    let latest = part_on(last)?;
    let in_december = own.iter().map(|event| event.on).filter(|on| *on > first && *on <= last);
    let days: BTreeSet<NaiveDate> = in_december.collect();
    if !latest.due().is_positive() && days.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = Vec::with_capacity(days.len() + 1);
    let before = if days.is_empty() { latest } else { part_on(first)? };
    steps.push((first.min(last), before));
    for day in days {
        steps.push((day, part_on(day)?));
    }
    steps.retain(|(_, part)| part.due().is_positive() || part.paid().is_positive());
    Ok(steps)
}
