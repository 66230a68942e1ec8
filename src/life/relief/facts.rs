//! What an application rests on. Reads only.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::rules::{self, Compensation};
use crate::base::ids::{PersonId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::attachment::{Subject, SubjectKind};
use crate::book::early_repayment::needed;
use crate::book::file::{self, Contract};
use crate::book::loan::{self, LoanFile};
use crate::book::payments_known;
use crate::book::policy::{Policy, ReliefClass};
use crate::book::position::Basis;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::enlistment;

/// The row that the papers of an application are attached to.
pub const fn subject(id: RowId) -> Subject {
    (SubjectKind::Relief, id)
}

/// A contract with what a class would pay for it, or why it may not.
pub struct Payable {
    pub contract: Contract,
    pub amount: Fen,
    /// Why nothing may be paid for it; empty when it may.
    pub why_not: String,
}

/// Compensation of the student, whatever became of it.
pub fn compensation(db: &mut Db, scope: &Scope, person: PersonId) -> AppResult<Vec<Compensation>> {
    let rows: Vec<(String, Fen, Option<NaiveDate>, Fen)> = enlistment::table
        .filter(scope.holds(enlistment::office_code))
        .filter(enlistment::person_id.eq(person))
        .order(enlistment::enlisted_on)
        .select((
            enlistment::contract_nos,
            enlistment::granted_fen,
            enlistment::paid_on,
            enlistment::asked_fen,
        ))
        .load(db)?;
    let of = |(contract_nos, granted, paid_on, requested)| Compensation {
        contract_nos,
        granted,
        paid_on,
        requested,
    };
    Ok(rows.into_iter().map(of).collect())
}

/// The contracts of a file as they stand today.
pub fn contracts(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (file, today): (&LoanFile, NaiveDate),
) -> AppResult<Vec<Contract>> {
    let loans = loan::chain(db, scope, file.id)?;
    let known = payments_known::load(db, scope)?;
    file::contracts(db, scope, basis, (&known, loans), today)
}

/// Every contract of a file with what the class pays: the whole debt as of today, or what falls
/// due in this year.
pub fn payable(
    all: Vec<Contract>,
    others: &[Compensation],
    class: &ReliefClass,
    (basis, today): (&Basis, NaiveDate),
) -> AppResult<Vec<Payable>> {
    let mut found = Vec::with_capacity(all.len());
    for contract in all {
        let why_not = rules::refusal(&contract, others, today);
        let amount = match (&why_not, class.whole_debt) {
            (Some(_), _) => Fen::ZERO,
            (None, true) => needed(&contract, basis, (today, None))?.total,
            (None, false) => rules::due_in_year(&contract, today),
        };
        let why_not = match why_not {
            None if !amount.is_positive() => {
                format!(
                    "合同 {} 今年没有到期要还的，这一类只救助当年到期的",
                    contract.loan.contract_no
                )
            }
            other => other.unwrap_or_default(),
        };
        found.push(Payable { contract, amount, why_not });
    }
    Ok(found)
}

/// The class of this code on a day.
pub fn class(policy: &Policy, code: &str, on: NaiveDate) -> AppResult<ReliefClass> {
    let classes = &policy.relief_classes.on(on).classes;
    let found = classes.iter().find(|class| class.code == code);
    found.cloned().ok_or_else(|| AppError::field("class", "请选是哪一种情形"))
}
