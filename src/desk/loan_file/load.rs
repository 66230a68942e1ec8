//! Everything the loan file shows, read in one snapshot, and the statements computed from it.
//!
//! Reads only. Few and small queries, each by an index: this is the page people open most.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::contacts::{self, Contacts};
use crate::base::ids::{LoanId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::contact::change;
use crate::book::contact::task::{self, ContactTask};
use crate::book::file::{self, Contract, Papers};
use crate::book::loan::{self, LoanFile};
use crate::book::payments_known;
use crate::book::person::{self, Person, Phone};
use crate::book::position::Basis;
use crate::book::statement::Statement;
use crate::error::{AppError, AppResult};
use crate::life::{compensation, disbursement, graduation, preapplication, recognition, relief};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{bank_difference, bank_figure, staff};

/// What stages before and after know of the person.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    pub preapplications: Vec<preapplication::store::Preapplication>,
    pub recognitions: Vec<recognition::store::Recognition>,
    pub graduation: Option<graduation::store::Graduation>,
    pub enlistments: Vec<compensation::store::Enlistment>,
    pub reliefs: Vec<relief::store::Relief>,
    /// Money that a list of ours pays out, by contract.
    pub disbursements: HashMap<LoanId, disbursement::store::Disbursement>,
}

/// A loan file with everything on its page.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The day of the statements.
    pub as_of: NaiveDate,
    pub file: LoanFile,
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
    /// A change of contacts waits for a decision.
    pub contact_change: bool,
    /// The contact with the family in the year of the page's day.
    pub contact_duty: Option<ContactTask>,
    pub contacts: Contacts,
    /// Who gets no code on a phone that does not know them, and until when (`14:05`).
    pub no_code_until: Vec<(PersonId, String)>,
}

impl Facts {
    /// What an early settlement on a day was.
    pub fn early_word(&self, day: NaiveDate) -> &'static str {
        file::early_word(&self.contracts, day)
    }

    /// Until when this person gets no code on a new phone; empty while they do.
    pub fn no_code_until_of(&self, id: PersonId) -> String {
        let row = self.no_code_until.iter().find(|(person, _)| *person == id);
        row.map(|(_, until)| until.clone()).unwrap_or_default()
    }

    /// The statements of all contracts.
    pub fn statements(&self) -> Vec<&Statement> {
        file::statements(&self.contracts)
    }

    /// Penalty interest of one more day.
    pub fn penalty_a_day(&self) -> Fen {
        file::penalty_a_day(&self.contracts)
    }

    /// The oldest unpaid due day and how many days ago it was.
    pub fn overdue_since(&self) -> Option<(NaiveDate, i64)> {
        file::overdue_since(&self.contracts, self.as_of)
    }
}

/// Reads a file and computes its statements as of a day.
pub fn load(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
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
    let known = payments_known::load(db, scope)?;
    let contracts = file::contracts(db, scope, basis, (&known, loans), as_of)?;
    let ids: Vec<LoanId> = contracts.iter().map(|contract| contract.loan.id).collect();
    let (checked_on, differences) = bank(db, scope, &ids)?;
    let stages = stages(db, scope, &file, &ids)?;
    let owner = match file.owner_id {
        Some(id) => staff::table.find(id).select(staff::name).get_result(db).optional()?,
        None => None,
    };
    let papers = Papers {
        applied_on: stages.preapplications.iter().filter_map(|p| p.applied_on).min(),
        recognised_on: stages.recognitions.iter().filter_map(|r| r.recognised_on).min(),
    };
    let contact_duty = task::of_file(db, scope, file.id, as_of.year())?;
    let contacts = contacts::load(db, scope, (&file, owner.as_ref()), &people_ids)?;
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
        contact_change: change::is_open(db, scope, &people_ids)?,
        contact_duty,
        contacts,
        no_code_until: Vec::new(),
    })
}

/// The newest bank file that names these contracts, and how many figures differ.
fn bank(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<(Option<NaiveDate>, i64)> {
    let checked_on = bank_figure::table
        .filter(scope.holds(bank_figure::office_code))
        .filter(bank_figure::loan_id.any_of(loans))
        .select(diesel::dsl::max(bank_figure::as_of))
        .get_result(db)?;
    let differences: Option<i64> = bank_difference::table
        .filter(scope.holds(bank_difference::office_code))
        .filter(bank_difference::loan_id.any_of(loans))
        .filter(bank_difference::checked_at.is_null())
        .select(sql::<Nullable<BigInt>>("COUNT(*)"))
        .get_result(db)?;
    Ok((checked_on, differences.unwrap_or_default()))
}

fn stages(db: &mut Db, scope: &Scope, file: &LoanFile, loans: &[LoanId]) -> AppResult<Stages> {
    let person = [file.person_id];
    Ok(Stages {
        preapplications: preapplication::store::of(db, scope, &person)?,
        recognitions: recognition::store::of(db, scope, &person)?,
        graduation: graduation::store::of(db, scope, &[file.id])?.into_iter().next(),
        enlistments: compensation::store::of(db, scope, &person)?,
        reliefs: relief::store::of_file(db, scope, file.id)?,
        disbursements: disbursement::store::of(db, scope, loans)?,
    })
}
