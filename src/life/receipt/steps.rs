//! What people do with a receipt, each in an open write: one comes by hand, is accepted, goes back,
//! or a decision is taken back. What a receipt puts on its contract is the day of its receipt.

use chrono::NaiveDate;

use super::rules::{self, Contract, Refusal, State, Student, ToldBy, school_year};
use super::store::{self, Receipt};
use crate::base::ids::{FileId, LoanId, RowId, text_enum};
use crate::base::money::Fen;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::statement::StudyLevel;
use crate::book::{batch, person, position};
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

text_enum! {
    Decision {
        Accept = "accept", "采用";
        Reject = "reject", "退回";
        Reopen = "reopen", "撤回";
    }
}

/// What somebody typed from certificate, message or letter.
#[derive(Clone, Debug)]
pub struct Entered {
    pub loan: LoanId,
    /// 学号, where the file has none yet.
    pub student_number: String,
    pub code: String,
    /// Somebody has seen that the zeros before a short code were left out.
    pub is_code_seen: bool,
    pub told_by: ToldBy,
    pub tuition: Fen,
    pub lodging: Fen,
    pub entered_on: NaiveDate,
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> AppError {
        AppError::refused(refusal.in_words())
    }
}

/// Accepts, sends back or takes either back, when nobody else was first. Returns whether the
/// receipt has a contract.
///
/// # Errors
/// `Changed` too for a form that was taken before, when its decision is not the last one: its page
/// is of another time.
pub fn decide(
    act: &mut Act<'_>,
    FormKey(fields): &FormKey,
    seen: Seen<RowId>,
    (decision, reason): (Decision, &str),
) -> AppResult<bool> {
    // The receipt stands in the address, not in the form.
    let once = act.once(&FormKey(format!("{} {fields}", seen.id)))?;
    let mut receipt = store::find(act.db, act.scope, seen.id)?;
    if once == Once::Again {
        let is_last = receipt.version == seen.version + 1;
        let is_of_contract = receipt.loan_id.is_some();
        return if is_last { Ok(is_of_contract) } else { Err(AppError::Changed) };
    }
    let is_open = matches!(receipt.state, State::Differs | State::Matched);
    if receipt.version != seen.version || is_open == (decision == Decision::Reopen) {
        return Err(AppError::Changed);
    }
    let (before, was_rejected) = (receipt.loan_id, receipt.state == State::Rejected);
    let (student, loans) = store::student_of(act.db, act.scope, &receipt)?.unzip();
    receipt.hold_against(student.as_ref());
    let loans = loans.unwrap_or_default();
    let of = |id: Option<LoanId>| loans.iter().find(|loan| Some(loan.id) == id);
    for loan in of(before).into_iter().chain(of(receipt.loan_id)) {
        check(act, loan, Fen::ZERO)?;
    }
    let contract = of(before.or(receipt.loan_id));
    if let Some(loan) = contract.filter(|_| decision != Decision::Accept) {
        take_off(act, &mut receipt, loan, decision)?;
    }
    match decision {
        Decision::Accept => {
            let loan = of(receipt.loan_id).ok_or(Refusal::NoContract)?;
            check(act, loan, receipt.amount_fen)?;
            put_on(act, &mut receipt, loan)?;
            receipt.state = State::Accepted;
        }
        Decision::Reject => receipt.state = State::Rejected,
        // As it was before it went back.
        Decision::Reopen if was_rejected && receipt.state == State::Matched => {
            let day_known = receipt.entered_on.is_some();
            if let Some(loan) = of(receipt.loan_id).filter(|_| day_known) {
                put_on(act, &mut receipt, loan)?;
            }
        }
        Decision::Reopen => {}
    }
    let is_decided = decision != Decision::Reopen;
    receipt.decided_by = if is_decided { act.by.name.clone() } else { String::new() };
    receipt.decided_at = is_decided.then_some(act.now);
    receipt.reason = reason.to_owned();
    receipt.version += 1;
    let file = contract.map(|loan| loan.file_id);
    keep(act, &receipt, ("receipt_decided", decision.in_words(), file))?;
    Ok(receipt.loan_id.is_some())
}

/// Keeps a receipt that did not come with a list. What is typed wrong is refused, for whoever types
/// it has the paper in hand.
pub fn enter(act: &mut Act<'_>, form: &FormKey, entered: &Entered) -> AppResult<()> {
    if act.once(form)? == Once::Again {
        return Ok(());
    }
    let found = loan::by_ids(act.db, act.scope, &[entered.loan])?.pop();
    let loan = found.ok_or(AppError::NotFound)?;
    check(act, &loan, Fen::ZERO)?;
    let mut file = loan::file(act.db, act.scope, loan.file_id)?;
    let chain = loan::chain(act.db, act.scope, file.id)?;
    let code = read_code(entered, &loan, &chain)?;
    if file.student_number.is_empty() {
        put_number(act, &mut file, &entered.student_number)?;
    }
    let known = store::of_students(act.db, act.scope, std::slice::from_ref(&file.student_number))?;
    let same = |one: &&Receipt| (one.loan_year, &one.code) == (loan.loan_year, &code);
    let old = known.iter().find(same);
    let mut there = known.iter().filter(|one| one.loan_id == Some(loan.id)).chain(old);
    if there.any(|one| one.state != State::Rejected) {
        return Err(AppError::field("loan", "这份合同的回执已经登记过，请到高校回执里核对"));
    }
    let mut receipt = Receipt {
        id: old.map_or_else(|| act.id(), |old| old.id),
        office_code: loan.office_code.clone(),
        loan_year: loan.loan_year,
        code,
        name: person::find(act.db, act.scope, file.person_id)?.name,
        university: file.university,
        student_number: file.student_number,
        amount_fen: loan.principal_fen,
        is_first: loan.is_first,
        tuition_fen: Some(entered.tuition),
        lodging_fen: Some(entered.lodging),
        entered_on: Some(entered.entered_on),
        told_by: entered.told_by,
        version: old.map_or(0, |old| old.version + 1),
        ..Receipt::default()
    };
    let contracts = chain.iter().map(Contract::from).collect();
    receipt.hold_against(Some(&Student { name: receipt.name.clone(), contracts }));
    if receipt.state == State::Matched {
        put_on(act, &mut receipt, &loan)?;
    }
    let told_by = entered.told_by.in_words();
    keep(act, &receipt, ("receipt_entered", told_by, Some(file.id)))
}

/// A student has no number before they are at the university: it comes with the receipt.
fn put_number(act: &mut Act<'_>, file: &mut LoanFile, number: &str) -> AppResult<()> {
    if number.is_empty() {
        let why = "档案里还没有学号，请填：学生证上有，学校的名单以后靠它对应";
        return Err(AppError::field("student_number", why));
    }
    let numbers = [number.to_owned()];
    let others = loan::files_by_student_number(act.db, act.scope, &numbers)?;
    if let Some(other) = others.iter().find(|other| other.university == file.university) {
        let why = format!("这个学号已经是档案 {} 的，请核对", other.file_no);
        return Err(AppError::field("student_number", why));
    }
    number.clone_into(&mut file.student_number);
    file.updated_at = act.now;
    file.version += 1;
    loan::replace_files(act.db, std::slice::from_ref(file))
}

fn read_code(entered: &Entered, loan: &Loan, chain: &[Loan]) -> AppResult<String> {
    let code = rules::read_code(&entered.code, &loan.receipt_code, entered.is_code_seen)
        .map_err(|why| AppError::field("code", why))?;
    if code == loan.receipt_code {
        return Ok(code);
    }
    let other = chain.iter().find(|other| other.receipt_code == code);
    Err(AppError::field(
        "code",
        match other {
            Some(other) => {
                format!("这个校验码是这名学生 {}合同的，请选那一份", school_year(other.loan_year))
            }
            None => "回执校验码与这份合同的不一致，请对照受理证明重输".to_owned(),
        },
    ))
}

/// Refuses what is paid out, on a list of pay-outs, or over the cap of its year.
fn check(act: &mut Act<'_>, loan: &Loan, amount: Fen) -> AppResult<()> {
    batch::refuse_listed(act, loan)?;
    let is_paid = position::was_paid_out(act.db, act.scope, loan.id)?;
    let level = StudyLevel::from_text(&loan.level);
    let cap = loan.product().zip(level).map_or(loan.principal_fen, |(product, level)| {
        act.policy().loan_cap(product, level, loan.loan_year)
    });
    Ok(rules::can_accept(amount, cap, is_paid)?)
}

fn put_on(act: &mut Act<'_>, receipt: &mut Receipt, loan: &Loan) -> AppResult<()> {
    if loan.receipt_on.is_none() || receipt.contract_on.is_some() {
        let on = receipt.entered_on.unwrap_or(act.today);
        loan::set_receipt(act.db, act.scope, loan.id, (Some(on), act.now))?;
        receipt.contract_on = Some(on);
    }
    Ok(())
}

/// Takes the day off the contract that this receipt put on it; when it is rejected also the day
/// that came with the contract, unless another receipt stands for it. The receipt remembers it.
fn take_off(
    act: &mut Act<'_>,
    receipt: &mut Receipt,
    loan: &Loan,
    decision: Decision,
) -> AppResult<()> {
    let is_own = receipt.contract_on.take().is_some();
    let Some(on) = loan.receipt_on else { return Ok(()) };
    if !is_own {
        let all = store::of(act.db, act.scope, &[loan.id])?;
        let stands = |one: &Receipt| one.id != receipt.id && one.state != State::Rejected;
        if decision != Decision::Reject || all.iter().any(stands) {
            return Ok(());
        }
        receipt.entered_on = receipt.entered_on.or(Some(on));
    }
    loan::set_receipt(act.db, act.scope, loan.id, (None, act.now))
}

fn keep(
    act: &mut Act<'_>,
    receipt: &Receipt,
    (action, how, file_id): (&'static str, &str, Option<FileId>),
) -> AppResult<()> {
    store::put_all(act.db, std::slice::from_ref(receipt))?;
    let (year, state) = (school_year(receipt.loan_year), receipt.state.in_words());
    let summary = format!("{year}回执 {}：{how}，{state}。{}", receipt.code, receipt.mismatch);
    let entry = AuditEntry::of(action, &receipt.name, summary);
    act.audit(AuditEntry { reason: receipt.reason.clone(), file_id, ..entry })
}
