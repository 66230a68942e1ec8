//! What people do with certificates: issue, issue again, void; a letter for old arrears.

use chrono::{Datelike as _, NaiveDate};

use super::facts;
use super::rules::{self, Cause, Contract, Kind, State};
use super::store::{self, Certificate, Line};
use crate::base::ids::{LoanId, RowId};
use crate::base::spoken_code;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, LoanFile};
use crate::book::{office, person};
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// A paper that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// All contracts of the file.
    All,
    One(LoanId),
    /// Of old arrears that were not meant.
    Letter(Cause),
}

impl Paper {
    fn kind(self) -> Kind {
        if matches!(self, Paper::Letter(_)) { Kind::Letter } else { Kind::Settled }
    }

    fn loan(self) -> Option<LoanId> {
        if let Paper::One(loan) = self { Some(loan) } else { None }
    }

    fn is(self, row: &Certificate) -> bool {
        row.kind == self.kind() && row.loan_id == self.loan() && row.state == State::Valid
    }
}

/// The contracts that a paper is about, when each may be certified on a day.
fn certified(all: Vec<Contract>, paper: Paper, today: NaiveDate) -> AppResult<Vec<Contract>> {
    let of: Vec<Contract> =
        all.into_iter().filter(|one| paper.loan().is_none_or(|loan| loan == one.id)).collect();
    if of.is_empty() {
        return Err(AppError::NotFound);
    }
    match of.iter().find_map(|one| one.refusal(today)) {
        Some(sentence) => Err(AppError::refused(sentence)),
        None => Ok(of),
    }
}

/// Issues one; its identity.
pub fn issue(act: &mut Act<'_>, key: &FormKey, file_no: &str, paper: Paper) -> AppResult<RowId> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    let is_again = act.once(key)? == Once::Again;
    let known = store::of_file(act.db, act.scope, file.id)?;
    match known.iter().find(|one| paper.is(one)) {
        Some(one) if is_again => return Ok(one.id),
        Some(one) => {
            let number = &one.number;
            return Err(AppError::refused(format!(
                "已经开过 {number}，还在有效期内；原件丢了请点“补发”，写错了请先作废再开"
            )));
        }
        None if is_again => return Err(AppError::Changed),
        None => {}
    }
    let contracts = facts::contracts(act.db, act.scope, file.id)?;
    let contracts = certified(contracts, paper, act.today)?;
    if let Paper::Letter(_) = paper {
        let (basis, policy) = (act.parts.basis(), act.policy());
        let late = facts::late(act.db, act.scope, (&basis, &policy), file.id, act.today)?;
        if late.is_empty() {
            return Err(AppError::refused("这户每一期都按时还清，没有逾期过，不用开这份证明"));
        }
    }
    let row = new_row(act, &file, paper)?;
    let lines: Vec<Line> = contracts.iter().filter_map(|one| line(&row, one)).collect();
    store::add(act.db, &row, &lines)?;
    audit(act, &row, "certificate_issued", "")?;
    Ok(row.id)
}

fn new_row(act: &mut Act<'_>, file: &LoanFile, paper: Paper) -> AppResult<Certificate> {
    let letters = office::find(act.db, &file.office_code)?.letters;
    let year = act.today.year();
    let serial = loan::take_certificate_serial(act.db, act.scope, year)?;
    let number = rules::number(&letters, year, serial);
    let (check_code, check_key, cause) = match paper {
        Paper::Letter(cause) => (String::new(), None, cause.as_text().to_owned()),
        Paper::All | Paper::One(_) => {
            let code = spoken_code::new_code()?;
            let key = rules::check_key(&number, &code);
            (code, Some(key), String::new())
        }
    };
    Ok(Certificate {
        id: act.id(),
        office_code: file.office_code.clone(),
        file_id: file.id,
        loan_id: paper.loan(),
        kind: paper.kind(),
        number,
        check_code,
        check_key,
        cause,
        state: State::Valid,
        issued_on: act.today,
        issued_by: act.by.name.clone(),
        copies: 1,
        reason: String::new(),
        voided_by: String::new(),
        voided_at: None,
        updated_at: act.now,
        version: 1,
    })
}

fn line(row: &Certificate, of: &Contract) -> Option<Line> {
    Some(Line {
        certificate_id: row.id,
        loan_id: of.id,
        office_code: row.office_code.clone(),
        contract_no: of.number.clone(),
        loan_year: of.loan_year,
        disbursed_fen: of.disbursed,
        settled_on: of.settled_on?,
    })
}

/// A valid one of this file, as the page showed it.
fn open(act: &mut Act<'_>, seen: Seen<RowId>, file_no: &str) -> AppResult<Certificate> {
    let row = store::find(act.db, act.scope, seen.id)?;
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    if row.file_id != file.id {
        return Err(AppError::NotFound);
    }
    if row.version != seen.version || row.state != State::Valid {
        return Err(AppError::Changed);
    }
    Ok(Certificate { version: row.version + 1, updated_at: act.now, ..row })
}

/// Issues it again: the same paper, which says 补发.
pub fn reissue(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    (file_no, reason): (&str, &str),
) -> AppResult<()> {
    let mut row = open(act, seen, file_no)?;
    let about = store::lines(act.db, act.scope, row.id)?;
    let now = facts::contracts(act.db, act.scope, row.file_id)?;
    if let Some(number) = facts::changed(&about, &now) {
        return Err(AppError::refused(format!(
            "合同 {number} 的账目和开证明那天不一样了，不能补发，请作废这份，查清以后再开"
        )));
    }
    row.copies += 1;
    reason.clone_into(&mut row.reason);
    store::replace(act.db, &row)?;
    audit(act, &row, "certificate_reissued", reason)
}

/// It no longer counts; its number stays.
pub fn void(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    (file_no, reason): (&str, &str),
) -> AppResult<()> {
    let mut row = open(act, seen, file_no)?;
    row.state = State::Void;
    reason.clone_into(&mut row.reason);
    row.voided_by.clone_from(&act.by.name);
    row.voided_at = Some(act.now);
    store::replace(act.db, &row)?;
    audit(act, &row, "certificate_voided", reason)
}

fn audit(
    act: &mut Act<'_>,
    row: &Certificate,
    action: &'static str,
    reason: &str,
) -> AppResult<()> {
    let file = loan::file(act.db, act.scope, row.file_id)?;
    let name = person::find(act.db, act.scope, file.person_id)?.name;
    let summary = format!("{} {}", row.kind.in_words(), row.number);
    let entry = AuditEntry::of(action, &name, summary).on_file(row.file_id);
    act.audit(AuditEntry { reason: reason.to_owned(), ..entry })
}
