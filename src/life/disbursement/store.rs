//! SQL of this stage: the only file that writes the table `disbursement`. No decisions.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use serde::Serialize;

use super::rules::{self, Standing, State, Stop, Way};
use crate::base::ids::{BatchId, EventId, FileId, LoanId, PersonId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::position;
use crate::error::{AppError, AppResult};
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{disbursement, loan, loan_file, loan_position, person};
use crate::{rows_by, upsert_rows};

/// A receipt of the contract waits for a person.
pub const DIFFERS: &str = "EXISTS (SELECT 1 FROM university_receipt one WHERE one.office_code = \
     loan.office_code AND one.loan_id = loan.id AND one.state = 'differs')";
/// The student served when the contract was signed, or has gone since.
pub const ENLISTED: &str = "EXISTS (SELECT 1 FROM enlistment WHERE enlistment.office_code = \
     loan.office_code AND enlistment.person_id = loan_file.person_id AND \
     (enlistment.discharged_on IS NULL OR enlistment.discharged_on > loan.signed_on))";
/// What the bank calls a contract that was withdrawn.
pub const WITHDRAWN: &str = "已撤销";
/// What the university is to get, as its receipt says it; as the contract, where that does not.
const FEES: &str = "COALESCE((SELECT MAX(one.tuition_fen + one.lodging_fen) \
     FROM university_receipt one WHERE one.office_code = loan.office_code \
     AND one.loan_id = loan.id AND one.state <> 'rejected'), \
     loan.tuition_fen + loan.lodging_fen)";

/// The money of one contract, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = disbursement, treat_none_as_default_value = false)]
pub struct Disbursement {
    #[serde(skip)]
    pub loan_id: LoanId,
    /// Whose data this is.
    pub office_code: String,
    #[serde(skip)]
    pub file_id: FileId,
    /// The list that it is on, or was on last.
    pub batch_id: BatchId,
    pub state: State,
    pub amount_fen: Fen,
    pub to_university_fen: Fen,
    pub to_account_fen: Fen,
    /// What the university gave back.
    pub returned_fen: Fen,
    /// The day of its state; while it is ordered, the day of sending.
    pub since_on: NaiveDate,
    pub paid_on: Option<NaiveDate>,
    /// The event of the loan; none where another list had booked it.
    #[serde(skip)]
    pub event_id: Option<EventId>,
    /// Why it failed, is frozen or came back.
    pub reason: String,
    /// Grows with every move.
    pub version: i32,
}

/// A contract that might be paid out.
#[derive(Clone, Debug, Queryable)]
pub struct Candidate {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub person_id: PersonId,
    pub name: String,
    pub number: String,
    pub agent: String,
    pub amount: Fen,
    pub account_sealed: Option<Vec<u8>>,
    pub account_mask: String,
    pub receipt_on: Option<NaiveDate>,
    pub bank_state: String,
    pub stage: String,
    pub differs: bool,
    pub enlisted: bool,
    pub fees: Option<i64>,
}

impl Candidate {
    pub fn standing(&self) -> Standing {
        Standing {
            withdrawn: self.bank_state == WITHDRAWN,
            paid_out: position::is_paid_out(&self.stage),
            has_receipt: self.receipt_on.is_some(),
            has_account: self.account_sealed.is_some(),
            differs: self.differs,
            enlisted: self.enlisted,
        }
    }
}

/// These contracts, by identity.
pub fn candidates(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
) -> AppResult<HashMap<LoanId, Candidate>> {
    let mut found = HashMap::with_capacity(loans.len());
    for chunk in loans.chunks(BINDS_MAX) {
        let rows: Vec<Candidate> = loan::table
            .inner_join(loan_position::table)
            .inner_join(loan_file::table)
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(scope.holds(loan::office_code))
            .filter(loan::id.any_of(chunk))
            .select((
                loan::id,
                loan::file_id,
                person::id,
                person::name,
                loan::contract_no,
                loan::agent,
                loan::principal_fen,
                loan::account_sealed,
                loan::account_mask,
                loan::receipt_on,
                loan::bank_state,
                loan_position::stage,
                sql::<Bool>(DIFFERS),
                sql::<Bool>(ENLISTED),
                sql::<Nullable<BigInt>>(FEES),
            ))
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.loan_id, row)));
    }
    Ok(found)
}

/// The money of these contracts, by contract.
pub fn of(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
) -> AppResult<HashMap<LoanId, Disbursement>> {
    let rows = rows_by!(db, scope, disbursement.loan_id in loans => Disbursement);
    Ok(rows.into_iter().map(|row| (row.loan_id, row)).collect())
}

pub fn find(db: &mut Db, scope: &Scope, loan: LoanId) -> AppResult<Disbursement> {
    of(db, scope, &[loan])?.remove(&loan).ok_or(AppError::NotFound)
}

/// Records rows; a contract that is there already takes the new details.
pub fn put_all(db: &mut Db, rows: &[Disbursement]) -> AppResult<()> {
    upsert_rows!(
        db,
        disbursement[14],
        rows,
        key = (loan_id),
        set = (
            batch_id,
            state,
            amount_fen,
            to_university_fen,
            to_account_fen,
            returned_fen,
            since_on,
            paid_on,
            event_id,
            reason,
            version,
        )
    )?;
    Ok(())
}

/// Where the money of these contracts is, as families read it; contracts that another list paid out
/// are left out.
pub fn ways(
    db: &mut Db,
    scope: &Scope,
    (policy, today): (&Policy, NaiveDate),
    loans: &[(LoanId, bool)],
) -> AppResult<HashMap<LoanId, Vec<Stop>>> {
    let ids: Vec<LoanId> = loans.iter().map(|(id, _)| *id).collect();
    let known = of(db, scope, &ids)?;
    let way_of = |(id, is_undisbursed): &(LoanId, bool)| {
        let row = known.get(id);
        let is_there = row.is_some() || *is_undisbursed;
        is_there.then(|| (*id, rules::way(Way::of(row), policy, today)))
    };
    Ok(loans.iter().filter_map(way_of).collect())
}

impl<'a> Way<'a> {
    pub fn of(row: Option<&'a Disbursement>) -> Way<'a> {
        Way {
            state: row.map(|row| row.state),
            to_university: row.map_or(Fen::ZERO, |row| row.to_university_fen),
            to_account: row.map_or(Fen::ZERO, |row| row.to_account_fen),
            returned: row.map_or(Fen::ZERO, |row| row.returned_fen),
            ordered_on: row.filter(|row| row.state == State::Ordered).map(|row| row.since_on),
            paid_on: row.and_then(|row| row.paid_on),
            reason: row.map_or("", |row| row.reason.as_str()),
        }
    }
}
