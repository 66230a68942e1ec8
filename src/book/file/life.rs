//! From the statements of a file to what its life line shows. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::plan::{Plan, PlanRow, Standing};
use super::{Contract, Papers, early_word};
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::book::lifeline::{Due, Happening, Life, Mark};
use crate::book::statement::{EventKind, InstalmentState};

/// The life of a file as of the day of its statements; nothing without a contract.
pub fn life(contracts: &[Contract], dates: Papers, today: NaiveDate, plan: &Plan) -> Option<Life> {
    let first = contracts.first()?;
    let positions = || contracts.iter().map(|c| &c.statement.position);
    let grace_from = positions().map(|p| p.subsidy_ends_on).max()?.succ_opt()?;
    let first_principal = positions().map(|p| p.first_principal_on).min()?;
    let autumn = day_in(first_principal.year(), 9, 1);
    let repay_from = autumn.min(first_principal).max(grace_from);
    let ends_on = contracts.iter().map(|c| c.loan.final_due_on).max()?;
    let disbursements = disbursements(contracts, today);
    let autumn_of_study = day_in(first.loan.loan_year, 10, 1);
    let study_from = disbursements.iter().map(|(on, _)| *on).min();
    let papers = papers(dates, first, today);
    let began_on = papers.iter().map(|mark| mark.on).min().unwrap_or(first.loan.signed_on);
    let mut marks = papers;
    marks.extend(disbursements.iter().map(|(on, amount)| {
        let what = Happening::PaidOut(*amount);
        Mark { on: *on, what }
    }));
    marks.extend(awaited_money(contracts, today));
    let is_due_day = plan.rows.iter().any(|row| row.standing == Standing::Today);
    marks.extend(plan.rows.iter().filter_map(|row| due_mark(contracts, row, is_due_day)));
    let settled_on = if contracts.iter().all(|c| c.statement.position.settled_on.is_some()) {
        positions().filter_map(|p| p.settled_on).max()
    } else {
        None
    };
    Some(Life {
        today,
        began_on: day_in(began_on.year(), began_on.month(), 1),
        study_from: study_from.map_or(autumn_of_study, |on| on.min(autumn_of_study)),
        grace_from,
        repay_from,
        ends_on,
        settled_on,
        balances: balances(contracts, &disbursements),
        marks,
    })
}

/// What was paid out, day by day, over all contracts.
fn disbursements(contracts: &[Contract], today: NaiveDate) -> Vec<(NaiveDate, Fen)> {
    let mut by_day: BTreeMap<NaiveDate, Fen> = BTreeMap::new();
    for event in contracts.iter().flat_map(Contract::standing_events) {
        if let EventKind::Disbursed { amount } = event.kind
            && event.on <= today
        {
            *by_day.entry(event.on).or_default() += amount;
        }
    }
    by_day.into_iter().collect()
}

fn papers(dates: Papers, first: &Contract, today: NaiveDate) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut paper = |on: Option<NaiveDate>, name: &'static str| {
        // A paper of a later loan is no part of the application that began this life.
        if let Some(on) = on.filter(|on| on.year() <= first.loan.loan_year && *on <= today) {
            marks.push(Mark { on, what: Happening::Paper(name) });
        }
    };
    paper(dates.applied_on, "预申请");
    paper(dates.recognised_on, "认定");
    paper(Some(first.loan.signed_on), "签约");
    paper(first.loan.receipt_on, "回执");
    if first.loan.receipt_on.is_none() && first.is_undisbursed() {
        marks.push(Mark { on: today, what: Happening::Awaited("回执") });
    }
    marks
}

/// Contracts signed whose money is still to come, in the November of their year.
fn awaited_money(contracts: &[Contract], today: NaiveDate) -> Vec<Mark> {
    contracts
        .iter()
        .filter(|contract| contract.is_undisbursed())
        .map(|contract| Mark {
            on: day_in(contract.loan.loan_year, 11, 15).max(today),
            what: Happening::ToPayOut(contract.loan.principal_fen),
        })
        .collect()
}

/// On a due day that day is what comes next, and nothing after it.
fn due_mark(contracts: &[Contract], row: &PlanRow, is_due_day: bool) -> Option<Mark> {
    if row.early {
        return Some(Mark {
            on: row.due_on,
            what: Happening::Early(early_word(contracts, row.due_on)),
        });
    }
    let due = match row.standing {
        Standing::Overdue => Due::Late,
        Standing::Awaiting => Due::Awaiting,
        Standing::Next if is_due_day => Due::Planned,
        Standing::Next | Standing::Today => Due::Next,
        Standing::Upcoming => Due::Planned,
        Standing::Paid | Standing::Rest | Standing::Waived => Due::Done,
    };
    let what = if row.principal.is_positive() {
        Happening::Principal(due)
    } else {
        Happening::Interest(due)
    };
    Some(Mark { on: row.due_on, what })
}

/// The principal owed from each day on. Repaid principal counts on the day it was settled; what
/// is overdue is drawn as repaid with the next due day, because that is what is hoped for.
fn balances(contracts: &[Contract], disbursements: &[(NaiveDate, Fen)]) -> Vec<(NaiveDate, Fen)> {
    let mut changes: BTreeMap<NaiveDate, Fen> = BTreeMap::new();
    for (on, amount) in disbursements {
        *changes.entry(*on).or_default() += *amount;
    }
    for contract in contracts {
        let rows = &contract.statement.instalments;
        let next_on = rows.iter().find(|r| r.state == InstalmentState::Upcoming).map(|r| r.due_on);
        for row in rows {
            if row.paid_principal.is_positive() {
                let on = row.settled_on.unwrap_or(row.due_on);
                *changes.entry(on).or_default() -= row.paid_principal;
            }
            let open = row.principal - row.paid_principal;
            let on = match row.state {
                InstalmentState::Upcoming => Some(row.due_on),
                _ => next_on,
            };
            if let Some(on) = on.filter(|_| open.is_positive()) {
                *changes.entry(on).or_default() -= open;
            }
        }
    }
    let mut owed = Fen::ZERO;
    changes
        .into_iter()
        .map(|(on, change)| {
            owed += change;
            (on, owed.or_zero())
        })
        .collect()
}
