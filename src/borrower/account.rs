//! What a borrower's pages show, read in one snapshot with few and small queries: the file, its
//! contracts with their events, and the statements computed from them. Reads only.
//!
//! A file is open to its borrower and to the co-borrower of its latest contract. Whoever signed
//! an older contract as co-borrower sees that contract and no other.

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::base::ids::{FileId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::file::plan::{Plan, plan};
use crate::book::file::{self, Contract};
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::{loan, payments_known};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{contact_confirmation, loan as loans, loan_file, person};
use crate::web::session::borrower::BorrowerIn;
use crate::web::shell::phone;

/// A file that somebody is a party of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    pub id: FileId,
    pub file_no: String,
    pub student: String,
    pub university: String,
    /// The person is the student.
    pub own: bool,
    /// The person sees all contracts, and not only those that they signed.
    pub whole: bool,
}

type PartyRow = (FileId, String, String, String, PersonId, Option<PersonId>);

fn party(row: PartyRow, me: PersonId) -> Party {
    let (id, file_no, student, university, borrower, co) = row;
    let own = borrower == me;
    Party { id, file_no, student, university, own, whole: own || co == Some(me) }
}

/// The files of a person, their own first.
pub fn parties(db: &mut Db, scope: &Scope, me: PersonId) -> AppResult<Vec<Party>> {
    let signed: Vec<FileId> = loans::table
        .filter(scope.holds(loans::office_code))
        .filter(loans::co_person_id.eq(me))
        .select(loans::file_id)
        .distinct()
        .load(db)?;
    let rows: Vec<PartyRow> = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(
            loan_file::person_id
                .eq(me)
                .or(loan_file::co_person_id.assume_not_null().eq(me))
                .or(loan_file::id.eq_any(signed)),
        )
        .order(loan_file::file_no)
        .select((
            loan_file::id,
            loan_file::file_no,
            person::name,
            loan_file::university,
            loan_file::person_id,
            loan_file::co_person_id,
        ))
        .load(db)?;
    let mut found: Vec<Party> = rows.into_iter().map(|row| party(row, me)).collect();
    found.sort_by_key(|party| !party.own);
    Ok(found)
}

/// One file by its identity, when the person may see it (in whole or in part).
fn party_of(db: &mut Db, scope: &Scope, me: PersonId, id: FileId) -> AppResult<Party> {
    let row: PartyRow = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::id.eq(id))
        .select((
            loan_file::id,
            loan_file::file_no,
            person::name,
            loan_file::university,
            loan_file::person_id,
            loan_file::co_person_id,
        ))
        .first(db)?;
    Ok(party(row, me))
}

/// A file as its borrower or co-borrower sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The file and whose it is.
    pub party: Party,
    /// The contracts, oldest first.
    pub contracts: Vec<Contract>,
    /// The day of the statements: today.
    pub today: NaiveDate,
    /// Contacts were confirmed or corrected this year.
    pub confirmed: bool,
    /// Arrears below this are a rest, and nobody is called late for it.
    pub smallest_arrears: Fen,
}

impl Account {
    /// A sum over all contracts.
    pub fn total(&self, figure: fn(&Contract) -> Fen) -> Fen {
        self.contracts.iter().map(figure).sum()
    }

    /// The plan over all contracts.
    pub fn plan(&self, policy: &Policy) -> Plan {
        let statements = file::statements(&self.contracts);
        plan(&statements, self.today, |day| file::early_word(&self.contracts, day)).under(policy)
    }

    /// Everything was repaid, on that day.
    pub fn settled_on(&self) -> Option<NaiveDate> {
        let days: Vec<Option<NaiveDate>> =
            self.contracts.iter().map(|c| c.statement.position.settled_on).collect();
        if days.iter().any(Option::is_none) { None } else { days.into_iter().flatten().max() }
    }

    /// Principal, interest and penalty interest past their day; a small rest is not among it.
    pub fn overdue(&self) -> Fen {
        let late = self.late();
        if late < self.smallest_arrears { Fen::ZERO } else { late }
    }

    /// What is past its day and so little that it is taken with the next due day.
    pub fn rest(&self) -> Fen {
        self.late() - self.overdue()
    }

    fn late(&self) -> Fen {
        self.total(|c| {
            let position = &c.statement.position;
            position.overdue_principal + position.overdue_interest + position.penalty
        })
    }

    /// Open of due days of which the bank's result is not known yet.
    pub fn awaiting(&self) -> Fen {
        self.total(|c| c.statement.position.awaiting)
    }

    /// The bank calls all settled that awaits it, against our books: we are checking.
    pub fn bank_settled(&self) -> bool {
        let mut waiting =
            self.contracts.iter().filter(|c| c.statement.position.awaiting.is_positive());
        self.awaiting().is_positive() && waiting.all(|c| c.bank_settled_on.is_some())
    }

    pub fn outstanding(&self) -> Fen {
        self.total(|c| c.statement.position.principal_outstanding)
    }
}

/// What there is to show.
enum Found {
    One(Box<Account>),
    Choose,
}

fn find(db: &mut Db, me: &BorrowerIn, basis: &Basis, today: NaiveDate) -> AppResult<Found> {
    let id = match me.file_id {
        Some(id) => id,
        None => match parties(db, &me.scope, me.person_id)?.as_slice() {
            [only] => only.id,
            _ => return Ok(Found::Choose),
        },
    };
    let party = party_of(db, &me.scope, me.person_id, id)?;
    let mut signed = loan::chain(db, &me.scope, id)?;
    if !party.whole {
        signed.retain(|loan| loan.co_person_id == Some(me.person_id));
        if signed.is_empty() {
            return Err(AppError::NotFound);
        }
    }
    // That the desk goes ahead without the bank is nothing to hold against a family.
    let known = payments_known::load(db, &me.scope)?.without_going_ahead();
    let contracts = file::contracts(db, &me.scope, basis, (&known, signed), today)?;
    let confirmed = contact_confirmation::table
        .filter(contact_confirmation::file_id.eq(id))
        .filter(contact_confirmation::person_id.eq(me.person_id))
        .filter(contact_confirmation::year.eq(today.year()))
        .filter(me.scope.holds(contact_confirmation::office_code));
    let confirmed = diesel::select(diesel::dsl::exists(confirmed)).get_result(db)?;
    Ok(Found::One(Box::new(Account {
        party,
        contracts,
        today,
        confirmed,
        smallest_arrears: basis.smallest_arrears,
    })))
}

/// The file a page is about; or the way to the page where one is chosen.
pub async fn open(
    app: &web::Data<App>,
    me: &BorrowerIn,
) -> AppResult<Result<Account, HttpResponse>> {
    let today = app.clock.today();
    let (inner, me) = (app.clone(), me.clone());
    let found = app.read(move |db| find(db, &me, &inner.basis(), today)).await?;
    Ok(match found {
        Found::One(account) => Ok(*account),
        Found::Choose => Err(phone::to("/m/files")),
    })
}
