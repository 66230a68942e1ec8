//! What a change does to what a family owes: the plan before and after, day by day, and the sums.
//! Reads only; every figure comes from a statement.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::rules::{self, Change, Contract};
use crate::base::ids::{EventId, FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::file;
use crate::book::loan;
use crate::book::payments_known::{self, Known};
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::statement::{self, AsOf, Event, Instalment, Position, Statement};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;

/// What a family owes on a due day, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Owed {
    pub principal: Fen,
    pub interest: Fen,
}

impl Owed {
    fn add(&mut self, row: &Instalment) {
        self.principal += row.principal;
        self.interest += row.interest;
    }

    pub fn sum(self) -> Fen {
        self.principal + self.interest
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct PlanRow {
    pub due_on: NaiveDate,
    pub before: Owed,
    pub after: Owed,
}

impl PlanRow {
    fn asks(&self) -> bool {
        !(self.before.sum() + self.after.sum()).is_zero()
    }
}

/// The contracts of a file as they stand, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The last of the days until which the state pays.
    pub ends_on: Option<NaiveDate>,
    /// The first day with principal.
    pub principal_from: Option<NaiveDate>,
    /// Interest of the whole life that the family pays.
    pub interest: Fen,
    /// Money paid that nothing asks for.
    pub unapplied: Fen,
    /// Past its due day.
    pub overdue: Fen,
}

impl Figures {
    fn add(&mut self, of: &Statement) {
        let position = &of.position;
        self.ends_on = self.ends_on.max(Some(position.subsidy_ends_on));
        let first = position.first_principal_on;
        self.principal_from = Some(self.principal_from.map_or(first, |known| known.min(first)));
        self.interest += of.instalments.iter().map(|row| row.interest).sum::<Fen>();
        self.unapplied += position.unapplied;
        self.overdue += overdue(position);
    }
}

fn overdue(position: &Position) -> Fen {
    position.overdue_principal + position.overdue_interest + position.penalty
}

/// Contracts that are not paid off, and what a change does to them.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    pub contracts: Vec<Contract>,
    /// What would be recorded.
    pub events: Vec<(LoanId, Event)>,
    pub rows: Vec<PlanRow>,
    pub before: Figures,
    pub after: Figures,
}

impl Effect {
    /// What its interest must say besides, while nobody knows of the waiver of a year.
    pub fn assumed(&self, policy: &Policy) -> Option<&'static str> {
        let with_interest = |row: &&PlanRow| !(row.before.interest + row.after.interest).is_zero();
        self.rows.iter().filter(with_interest).find_map(|row| policy.assumed(row.due_on))
    }
}

/// Whose effect is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// Of nothing: how the contracts stand.
    Nothing,
    /// Of one that is not recorded yet.
    Planned(&'a Change),
    /// Of one that is.
    Recorded(RowId),
}

/// Where an event of a change says that it comes from it.
pub fn command_key(change: RowId, loan: LoanId) -> String {
    format!("{}{loan}", key_start(change))
}

fn key_start(change: RowId) -> String {
    format!("study change {change} of ")
}

/// What a change does to the contracts of a file that are not paid off.
///
/// # Errors
/// Refused, in words, when a contract cannot be computed, or not with the change.
pub fn of(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (file, what): (FileId, Of<'_>),
    today: NaiveDate,
) -> AppResult<Effect> {
    let loans = loan::chain(db, scope, file)?;
    let known = payments_known::load(db, scope)?;
    let all = file::contracts(db, scope, basis, (&known, loans), today)?;
    let mut effect = Effect::default();
    let mut rows: BTreeMap<NaiveDate, (Owed, Owed)> = BTreeMap::new();
    for one in all.iter().filter(|one| one.statement.position.settled_on.is_none()) {
        let contract = contract(one);
        let (before, after) = match what {
            Of::Nothing => (one.statement.clone(), one.statement.clone()),
            Of::Planned(change) => {
                let event = rules::event(change, &contract, today);
                let after = match event {
                    Some((on, kind)) => {
                        let event = Event { id: next_id(&one.events), on, recorded_at: None, kind };
                        effect.events.push((one.loan.id, event));
                        let longer = one.events.iter().copied().chain([event]);
                        computed(one, longer.collect(), basis, (&known, today))?
                    }
                    None => one.statement.clone(),
                };
                (one.statement.clone(), after)
            }
            Of::Recorded(id) => {
                let start = key_start(id);
                let own = one.rows.iter().filter(|row| row.command_key.starts_with(&start));
                let own: Vec<EventId> = own.map(|row| row.id).collect();
                let rest = one.events.iter().copied().filter(|event| !own.contains(&event.id));
                let before = computed(one, rest.collect(), basis, (&known, today))?;
                (before, one.statement.clone())
            }
        };
        effect.contracts.push(contract);
        effect.before.add(&before);
        effect.after.add(&after);
        for row in &before.instalments {
            rows.entry(row.due_on).or_default().0.add(row);
        }
        for row in &after.instalments {
            rows.entry(row.due_on).or_default().1.add(row);
        }
    }
    let row = |(due_on, (before, after))| PlanRow { due_on, before, after };
    effect.rows = rows.into_iter().map(row).filter(PlanRow::asks).collect();
    Ok(effect)
}

fn contract(of: &file::Contract) -> Contract {
    Contract {
        number: of.loan.contract_no.clone(),
        signed_on: of.loan.signed_on,
        ends_on: of.statement.position.subsidy_ends_on,
        final_due_on: of.loan.final_due_on,
        is_paid_out: !of.is_undisbursed(),
    }
}

fn next_id(events: &[Event]) -> EventId {
    let last = events.iter().map(|event| event.id.get()).max().unwrap_or_default();
    EventId::new(last.max(0).saturating_add(1))
}

fn computed(
    one: &file::Contract,
    events: Vec<Event>,
    basis: &Basis,
    (known, today): (&Known, NaiveDate),
) -> AppResult<Statement> {
    // Whom the bank has paid off is held to nothing, before and after alike.
    let days = match one.bank_settled_on {
        Some(_) => AsOf::known_until(today, None),
        None => known.as_of(&one.loan.office_code, &one.loan.product, today),
    };
    let made = statement::statement(&one.loan.terms()?, &events, &basis.rates, days);
    made.map_err(|error| {
        let number = &one.loan.contract_no;
        AppError::refused(format!("合同 {number} 不能这样变更，请核对以前的变更（{error}）"))
    })
}
