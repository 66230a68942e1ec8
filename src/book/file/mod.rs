//! A loan file as a whole: its contracts with their statements, the plan day by day over all of
//! them (`plan.rs`), why each figure is what it is (`explain.rs`), what the life line shows
//! (`life.rs`), and what happened, in words (`wording.rs`). Shared by the desk, the stages and the
//! borrower's own pages. Reads only; all but [`contracts`] and the names of files is pure.

pub mod explain;
pub mod life;
pub mod plan;
pub mod rule_notes;
pub mod wording;

use chrono::NaiveDate;

use crate::base::dates::{days_between, in_words};
use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::bank;
use crate::book::events::{self, EventRow};
use crate::book::loan::Loan;
use crate::book::payments_known::Known;
use crate::book::position::{self, Basis};
use crate::book::statement::{AsOf, Event, EventKind, Stage, Statement};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;

/// One contract with its events and its statement.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The contract as stored.
    pub loan: Loan,
    /// Its events as stored, in the order of recording.
    pub rows: Vec<EventRow>,
    /// The same as the statement takes them, waiver years included.
    pub events: Vec<Event>,
    /// The statement. While the bank says that nothing is owed and our books say otherwise, what
    /// is open awaits the bank: nobody is held to it.
    pub statement: Statement,
    /// The day of the bank's list that says so.
    pub bank_settled_on: Option<NaiveDate>,
}

impl Contract {
    /// The events that no reversal undid, without the reversals.
    pub fn standing_events(&self) -> impl Iterator<Item = &Event> {
        let reversed = |event: &&Event| {
            self.events
                .iter()
                .any(|other| matches!(other.kind, EventKind::Reversed { of } if of == event.id))
        };
        self.events
            .iter()
            .filter(|event| !matches!(event.kind, EventKind::Reversed { .. }))
            .filter(move |event| !reversed(event))
    }

    /// No money was paid out yet.
    pub fn is_undisbursed(&self) -> bool {
        self.statement.position.stage == Stage::Undisbursed
    }
}

/// Dates of the papers before the first contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct Papers {
    /// Pre-application in Grade 12.
    pub applied_on: Option<NaiveDate>,
    /// First recognition of hardship.
    pub recognised_on: Option<NaiveDate>,
}

/// The statements of contracts as of a day, as far as payments are known.
///
/// # Errors
/// Refused, in words, when one of them cannot be computed.
pub fn contracts(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (known, loans): (&Known, Vec<Loan>),
    as_of: NaiveDate,
) -> AppResult<Vec<Contract>> {
    each(db, scope, basis, (known, loans), as_of)?.into_iter().collect()
}

/// The same of those that can be computed, for a list of many families; the others are named on
/// the workbench.
pub fn computable(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (known, loans): (&Known, Vec<Loan>),
    as_of: NaiveDate,
) -> AppResult<Vec<Contract>> {
    Ok(each(db, scope, basis, (known, loans), as_of)?.into_iter().flatten().collect())
}

fn each(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (known, loans): (&Known, Vec<Loan>),
    as_of: NaiveDate,
) -> AppResult<Vec<AppResult<Contract>>> {
    let ids: Vec<LoanId> = loans.iter().map(|loan| loan.id).collect();
    let mut rows = events::of_loans(db, scope, &ids)?;
    let settled = bank::settled(db, scope, &ids)?;
    Ok(loans
        .into_iter()
        .map(|loan| {
            let rows = rows.remove(&loan.id).unwrap_or_default();
            let events = position::life(&rows, basis).map_err(|damaged| {
                tracing::error!(contract = loan.contract_no, %damaged, "cannot be computed");
                let number = &loan.contract_no;
                AppError::refused(format!("合同 {number} 的记录不完整，算不出来，请找管理员核对"))
            })?;
            let of = |days| position::statement_of(&loan, &rows, basis, days);
            let mut statement = of(known.as_of(&loan.office_code, &loan.product, as_of))?;
            let position = &statement.position;
            let open = position.settled_on.is_none() && position.stage != Stage::Undisbursed;
            let says = settled.get(&loan.id).copied().filter(|day| open && *day <= as_of);
            if says.is_some() {
                statement = of(AsOf::known_until(as_of, None))?;
            }
            Ok(Contract { loan, rows, events, statement, bank_settled_on: says })
        })
        .collect())
}

/// The statements of all contracts.
pub fn statements(contracts: &[Contract]) -> Vec<&Statement> {
    contracts.iter().map(|contract| &contract.statement).collect()
}

/// What an early settlement on a day was.
pub fn early_word(contracts: &[Contract], day: NaiveDate) -> &'static str {
    let kinds = contracts
        .iter()
        .flat_map(Contract::standing_events)
        .filter(|event| event.on == day)
        .map(|event| event.kind);
    for kind in kinds {
        match kind {
            EventKind::Compensated { .. } => return "国家代偿",
            EventKind::Relieved { .. } => return "还款救助",
            EventKind::Prepaid { .. } => return "提前还款",
            _ => {}
        }
    }
    "提前还款"
}

/// Penalty interest of one more day: overdue principal x rate x penalty share / 360, over all
/// contracts, half-up. 2,636.36 at 2.80 % and 130 % is 0.27.
pub fn penalty_a_day(contracts: &[Contract]) -> Fen {
    let exact: i128 = contracts
        .iter()
        .filter_map(|contract| {
            let statement = &contract.statement;
            // As far as money is known; later days bear none.
            let position =
                (statement.known_until == statement.as_of).then_some(&statement.position)?;
            let rate = i128::from(position.rate?.get());
            let share = i128::from(contract.loan.penalty_percent);
            Some(i128::from(position.overdue_principal.get()) * rate * share)
        })
        .sum();
    let day = 360 * 100 * 1_000_000_i128;
    Fen::new(i64::try_from((exact + day / 2) / day).unwrap_or_default())
}

/// The day that arrears are of, in words: 今天, or as far as the bank's data go.
pub fn as_known(contracts: &[Contract], as_of: NaiveDate, today: NaiveDate) -> String {
    let known = contracts.iter().map(|c| c.statement.known_until).min().unwrap_or(as_of);
    match known < as_of {
        true => format!("按银行{}的数据", in_words(known, today)),
        false if as_of == today => "今天".to_owned(),
        false => in_words(as_of, today),
    }
}

/// The oldest unpaid due day and how many days before `as_of` it was.
pub fn overdue_since(contracts: &[Contract], as_of: NaiveDate) -> Option<(NaiveDate, i64)> {
    let oldest = contracts
        .iter()
        .filter(|c| c.statement.position.days_overdue > 0)
        .filter_map(|c| c.statement.position.oldest_unpaid_due_on)
        .min()?;
    Some((oldest, days_between(oldest, as_of)))
}
