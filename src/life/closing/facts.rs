//! The contracts of a file as far as certificates are about them, and what a family hears of it.
//! Reads only.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::rules::{Contract, Kind, Standing, State};
use super::store::{self, Line};
use crate::base::dates::in_words;
use crate::base::ids::{FileId, LoanId};
use crate::base::scope::Scope;
use crate::book::policy::Policy;
use crate::book::position::{self, Basis};
use crate::book::statement::{Product, RowKind};
use crate::book::{bank_difference, file, loan, payments_known};
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// The contracts of a file, oldest first.
pub fn contracts(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<Contract>> {
    let loans = loan::chain(db, scope, file)?;
    let ids: Vec<LoanId> = loans.iter().map(|one| one.id).collect();
    let positions = position::of_loans(db, scope, &ids)?;
    let known = payments_known::load(db, scope)?;
    let mut differs: BTreeMap<LoanId, Vec<String>> = BTreeMap::new();
    for (loan, figure) in bank_difference::open_of(db, scope, &ids)? {
        let figures = differs.entry(loan).or_default();
        if !figures.contains(&figure) {
            figures.push(figure);
        }
    }
    Ok(loans
        .into_iter()
        .map(|one| {
            let now = positions.get(&one.id);
            let settled_on = now.and_then(|now| now.settled_on);
            let until = known.until(&one.office_code, &one.product);
            let is_own = one.product == Product::Local.as_text();
            let reached = settled_on.zip(until).is_some_and(|(on, until)| on <= until);
            Contract {
                id: one.id,
                loan_year: one.loan_year,
                disbursed: now.map(|now| now.disbursed_fen).unwrap_or_default(),
                is_paid_out: now.is_some_and(|now| position::is_paid_out(&now.stage)),
                settled_on,
                bank_settled_on: now.and_then(|now| now.bank_settled_on),
                is_confirmed: is_own || reached,
                differs: differs.remove(&one.id).unwrap_or_default(),
                number: one.contract_no,
            }
        })
        .collect())
}

/// The number of a contract that is not paid off any more as a certificate says.
pub fn changed<'a>(lines: &'a [Line], now: &[Contract]) -> Option<&'a str> {
    let is_same = |line: &Line| {
        let one = now.iter().find(|one| one.id == line.loan_id);
        one.and_then(|one| one.settled_on) == Some(line.settled_on)
    };
    lines.iter().find(|line| !is_same(line)).map(|line| line.contract_no.as_str())
}

/// A due day that was paid late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    pub contract_no: String,
    pub due_on: NaiveDate,
    pub settled_on: NaiveDate,
}

/// The due days of a file that were paid after the bank's last day for them.
pub fn late(
    db: &mut Db,
    scope: &Scope,
    (basis, policy): (&Basis, &Policy),
    file: FileId,
    today: NaiveDate,
) -> AppResult<Vec<Late>> {
    let loans = loan::chain(db, scope, file)?;
    let known = payments_known::load(db, scope)?;
    let all = file::contracts(db, scope, basis, (&known, loans), today)?;
    let mut found = Vec::new();
    for one in &all {
        let due = one.statement.instalments.iter().filter(|row| {
            let asks = !(row.interest + row.principal).is_zero();
            row.kind == RowKind::DueDay && row.due_on <= today && asks
        });
        for row in due {
            let after = |on: &NaiveDate| *on > policy.on_time_until(row.due_on);
            if let Some(settled_on) = row.settled_on.filter(after) {
                let contract_no = one.loan.contract_no.clone();
                found.push(Late { contract_no, due_on: row.due_on, settled_on });
            }
        }
    }
    found.sort_by_key(|one| one.due_on);
    Ok(found)
}

/// What a family whose contracts are all settled hears of its certificate; none while one is not.
pub fn for_family(
    db: &mut Db,
    scope: &Scope,
    file: FileId,
    today: NaiveDate,
) -> AppResult<Option<String>> {
    let contracts = contracts(db, scope, file)?;
    let mut first = None;
    for one in &contracts {
        match one.standing(today) {
            Standing::Owes => return Ok(None),
            Standing::Blocked(_) => {
                return Ok(Some("我们正在和银行核对，核对好就可以开".to_owned()));
            }
            Standing::Soon(day) => first = first.max(Some(day)),
            Standing::Ready => {}
        }
    }
    if contracts.is_empty() {
        return Ok(None);
    }
    if let Some(day) = first {
        return Ok(Some(format!("{}起可以来开", in_words(day, today))));
    }
    let all = store::of_file(db, scope, file)?;
    let issued = all.iter().find(|one| {
        one.kind == Kind::Settled && one.state == State::Valid && one.loan_id.is_none()
    });
    Ok(Some(match issued {
        Some(one) => format!("{}已经开好，编号 {}", in_words(one.issued_on, today), one.number),
        None => "可以来开了，带身份证到中心，本人或共同借款人来都可以".to_owned(),
    }))
}
