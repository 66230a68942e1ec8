//! How each contract's December instalment stood, day by day. Reads only.
//!
//! Money that comes before the due day is not used before it. So the statement is asked about
//! the due day (or a later day) with only the events that had happened by then: what it would
//! show if nothing else came in.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};

use super::rules::{Line, Part};
use crate::base::dates::day_in;
use crate::base::ids::LoanId;
use crate::base::scope::Scope;
use crate::book::facts::{self, LoanFacts};
use crate::book::position::{self, Basis};
use crate::book::statement::{self, Event, RowKind};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::reports::line_cache::{self, ContractLine, Report};
use crate::reports::recovery::facts::{AT_ONCE, contracts, damaged, left_out};

/// One line for each contract with an instalment in a December.
pub type Found = line_cache::Found<Line>;

/// Every contract of these offices with an instalment in December of `year`, with the events up
/// to `last`.
pub fn of_year(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (year, last): (i32, NaiveDate),
) -> AppResult<Found> {
    December { scope: scope.clone(), basis: basis.clone(), year, last }.compute(db, None)
}

/// The report of a December, up to a day.
pub struct December {
    pub scope: Scope,
    pub basis: Basis,
    pub year: i32,
    pub last: NaiveDate,
}

impl ContractLine for Line {
    fn loan_id(&self) -> LoanId {
        self.loan_id
    }
}

impl Report for December {
    type Key = (i32, NaiveDate);
    type Line = Line;

    fn key(&self) -> (i32, NaiveDate) {
        (self.year, self.last)
    }

    fn compute(&self, db: &mut Db, only: Option<&[LoanId]>) -> AppResult<Found> {
        let December { scope, basis, year, last } = self;
        let mut found = Found::default();
        for chunk in contracts(db, scope, *last, only)?.chunks(AT_ONCE) {
            let ids: Vec<LoanId> = chunk.iter().map(|one| one.id).collect();
            let terms: HashMap<LoanId, LoanFacts> =
                facts::loans(db, scope, &ids)?.into_iter().map(|one| (one.id, one)).collect();
            let mut lives = facts::events(db, scope, &ids)?;
            for one in chunk {
                let Some(facts) = terms.get(&one.id) else { continue };
                let own = lives.take(one.id).map_err(|_| damaged(&one.contract_no));
                let own =
                    own.and_then(|own| steps(&one.contract_no, facts, &own, (basis, *year, *last)));
                match own {
                    Ok(steps) if steps.is_empty() => {}
                    Ok(steps) => found.lines.push(Line {
                        loan_id: one.id,
                        file_id: one.file_id,
                        steps: steps.into(),
                    }),
                    Err(why) => found.left_out.push((one.id, why)),
                }
            }
        }
        Ok(found)
    }

    fn complete(&self, _: &mut Db, _: &mut Found) -> AppResult<()> {
        Ok(())
    }
}

fn steps(
    contract_no: &str,
    facts: &LoanFacts,
    own: &[Event],
    (basis, year, last): (&Basis, i32, NaiveDate),
) -> Result<Vec<(NaiveDate, Part)>, String> {
    let terms = facts.terms().map_err(|_| damaged(contract_no))?;
    let first = day_in(year, 12, 1);
    let end = day_in(year, 12, 31);
    // From the last day backwards: most contracts have no instalment, and one question is enough.
    let part_on = |on: NaiveDate| -> Result<Part, String> {
        let events: Vec<Event> = own.iter().filter(|event| event.on <= on).copied().collect();
        let events = position::with_waivers(events, basis);
        let statement = statement::statement(&terms, &events, &basis.rates, end)
            .map_err(|error| left_out(contract_no, &error))?;
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
