//! Everything the loan file shows, read in one snapshot, and the statements computed from it.
//!
//! Reads only. Few and small queries, each by an index: this is the page people open most.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::book::dates::days_between;
use crate::book::events::{self, EventRow};
use crate::book::ids::{LoanId, PersonId};
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::money::Fen;
use crate::book::office::Scope;
use crate::book::person::{self, Person, Phone};
use crate::book::position::{self, Basis};
use crate::book::statement::{Event, EventKind, Stage, Statement};
use crate::error::{AppError, AppResult};
use crate::life::{compensation, preapplication, recognition, study};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{bank_difference, bank_figure, staff};

/// One contract with its events and its statement.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The contract as stored.
    pub loan: Loan,
    /// Its events as stored, in the order of recording.
    pub rows: Vec<EventRow>,
    /// The same as the statement takes them, waiver years included.
    pub events: Vec<Event>,
    /// The statement.
    pub statement: Statement,
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

/// What stages before and after know of the person.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    /// Pre-applications.
    pub preapplications: Vec<preapplication::store::Preapplication>,
    /// Recognitions of hardship.
    pub recognitions: Vec<recognition::store::Recognition>,
    /// Confirmation of graduation.
    pub graduation: Option<study::store::Graduation>,
    /// Military service.
    pub enlistments: Vec<compensation::store::Enlistment>,
}

/// A loan file with everything on its page.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The day of the statements.
    pub as_of: NaiveDate,
    /// The file.
    pub file: LoanFile,
    /// The student.
    pub student: Person,
    /// Every co-borrower of a contract, the latest first.
    pub co_borrowers: Vec<Person>,
    /// Telephone numbers of all of them.
    pub phones: Vec<Phone>,
    /// The member of staff in charge.
    pub owner: Option<String>,
    /// The contracts, oldest first.
    pub contracts: Vec<Contract>,
    /// Dates of the first papers.
    pub papers: Papers,
    /// What other stages know.
    pub stages: Stages,
    /// Day of the newest bank file that names one of the contracts.
    pub checked_on: Option<NaiveDate>,
    /// How many figures differ from the bank's.
    pub differences: i64,
}

impl Facts {
    /// What an early settlement on a day was.
    pub fn early_word(&self, day: NaiveDate) -> &'static str {
        let kinds = self
            .contracts
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

    /// The statements of all contracts.
    pub fn statements(&self) -> Vec<&Statement> {
        self.contracts.iter().map(|contract| &contract.statement).collect()
    }

    /// Penalty interest of one more day: overdue principal x rate x penalty share / 360, over
    /// all contracts, half-up. 2,636.36 at 2.80 % and 130 % is 0.27.
    pub fn penalty_a_day(&self) -> Fen {
        let exact: i128 = self
            .contracts
            .iter()
            .filter_map(|contract| {
                let position = &contract.statement.position;
                let rate = i128::from(position.rate?.get());
                let share = i128::from(contract.loan.penalty_percent);
                Some(i128::from(position.overdue_principal.get()) * rate * share)
            })
            .sum();
        let day = 360 * 100 * 1_000_000_i128;
        Fen::new(i64::try_from((exact + day / 2) / day).unwrap_or_default())
    }

    /// The oldest unpaid due day and how many days ago it was.
    pub fn overdue_since(&self) -> Option<(NaiveDate, i64)> {
        let oldest = self
            .contracts
            .iter()
            .filter(|c| c.statement.position.days_overdue > 0)
            .filter_map(|c| c.statement.position.oldest_unpaid_due_on)
            .min()?;
        Some((oldest, days_between(oldest, self.as_of)))
    }
}

/// Reads a file and computes its statements as of a day.
pub fn load(
    db: &mut Db,
    scope: &Scope,
    basis: Basis<'_>,
    file_no: &str,
    as_of: NaiveDate,
) -> AppResult<Facts> {
    let file = loan::file_by_no(db, scope, file_no)?;
    let loans = loan::chain(db, scope, file.id)?;
    let mut people_ids: Vec<PersonId> = vec![file.person_id];
    for id in loans.iter().rev().filter_map(|loan| loan.co_person_id).chain(file.co_person_id) {
        if !people_ids.contains(&id) {
            people_ids.push(id);
        }
    }
    let mut people = person::by_ids(db, scope, &people_ids)?;
    people.sort_by_key(|p| people_ids.iter().position(|id| *id == p.id));
    let at = people.iter().position(|p| p.id == file.person_id).ok_or(AppError::NotFound)?;
    let student = people.remove(at);
    let phones = person::phones_of(db, scope, &people_ids)?;
    let contracts = contracts(db, scope, basis, loans, as_of)?;
    let ids: Vec<LoanId> = contracts.iter().map(|contract| contract.loan.id).collect();
    let (checked_on, differences) = bank(db, scope, &ids)?;
    let stages = stages(db, scope, &file)?;
    let owner = match file.owner_id {
        Some(id) => staff::table.find(id).select(staff::name).first(db).optional()?,
        None => None,
    };
    let papers = Papers {
        applied_on: stages.preapplications.iter().filter_map(|p| p.applied_on).min(),
        recognised_on: stages.recognitions.iter().filter_map(|r| r.recognised_on).min(),
    };
    Ok(Facts {
        as_of,
        file,
        student,
        co_borrowers: people,
        phones,
        owner,
        contracts,
        papers,
        stages,
        checked_on,
        differences,
    })
}

/// The statements of contracts as of a day.
pub fn contracts(
    db: &mut Db,
    scope: &Scope,
    basis: Basis<'_>,
    loans: Vec<Loan>,
    as_of: NaiveDate,
) -> AppResult<Vec<Contract>> {
    let ids: Vec<LoanId> = loans.iter().map(|loan| loan.id).collect();
    let mut rows = events::of_loans(db, scope, &ids)?;
    loans
        .into_iter()
        .map(|loan| {
            let rows = rows.remove(&loan.id).unwrap_or_default();
            let events = position::life(&rows, basis)?;
            let statement = position::statement_of(&loan, &rows, basis, as_of)?;
            Ok(Contract { loan, rows, events, statement })
        })
        .collect()
}

/// The newest bank file that names these contracts, and how many figures differ.
fn bank(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<(Option<NaiveDate>, i64)> {
    let checked_on = bank_figure::table
        .filter(bank_figure::office_code.eq_any(scope.codes()))
        .filter(bank_figure::loan_id.eq_any(loans))
        .select(diesel::dsl::max(bank_figure::as_of))
        .first(db)?;
    let differences: Option<i64> = bank_difference::table
        .filter(bank_difference::office_code.eq_any(scope.codes()))
        .filter(bank_difference::loan_id.eq_any(loans))
        .select(sql::<Nullable<BigInt>>("COUNT(*)"))
        .first(db)?;
    Ok((checked_on, differences.unwrap_or_default()))
}

fn stages(db: &mut Db, scope: &Scope, file: &LoanFile) -> AppResult<Stages> {
    let person = [file.person_id];
    Ok(Stages {
        preapplications: preapplication::store::of(db, scope, &person)?,
        recognitions: recognition::store::of(db, scope, &person)?,
        graduation: study::store::of(db, scope, &[file.id])?.into_iter().next(),
        enlistments: compensation::store::of(db, scope, &person)?,
    })
}
