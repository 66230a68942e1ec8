//! From an approved application to a contract: people, file and loan as the book keeps them, with
//! the terms of the dated rules; a raise before pay-out, a contract that is void. No bank behind
//! the county's own product: its numbers are made here.

use chrono::{Datelike, NaiveDate};

use super::facts::{Desk, Whole};
use super::form::{CoBorrower, Party, Study};
use super::kinds::State;
use super::store::Application;
use crate::base::dates::{day_in, local};
use crate::base::hex::random_hex;
use crate::base::ids::{FileId, LoanId, PersonId, PhoneId};
use crate::base::money::Fen;
use crate::book::act::{Act, Happened};
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, Loan, LoanFile, switches_to_text};
use crate::book::person::{self, Person, Phone, PhoneState};
use crate::book::policy::Policy;
use crate::book::statement::{Pricing, Product, StudyLevel, Terms};
use crate::book::{batch, office, position};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;

/// Where a telephone number comes from, as the file says it.
const SOURCE: &str = "签约受理";

/// The terms of a contract as the rules of its day have them.
pub fn terms(
    policy: &Policy,
    (product, contract_no): (Product, &str),
    study: &Study,
    (loan_year, signed_on): (i32, NaiveDate),
) -> (Terms, i32) {
    let longest = policy.term_rule(signed_on).longest(study.remaining(loan_year));
    let years = study.years.unwrap_or(longest);
    let number = contract_no.to_owned();
    let level = level(study);
    let graduates = study.graduates;
    (policy.new_terms(product, number, level, signed_on, graduates, years), years)
}

fn level(study: &Study) -> StudyLevel {
    match study.degree.is_graduate() {
        true => StudyLevel::Graduate,
        false => StudyLevel::Undergraduate,
    }
}

/// Makes the contract of an approved application; the caller keeps the row.
pub fn sign(act: &mut Act<'_>, row: &mut Application) -> AppResult<()> {
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let draft = row.draft(&sealer)?;
    let whole = Whole::of(act.db, act.scope, row.clone(), draft, desk)?;
    let (Some(student), Some(co), Some(study)) =
        (&whole.read.student, &whole.read.co, &whole.read.study)
    else {
        return Err(AppError::broken("an approved application cannot be read"));
    };
    if let Some(other) = whole.known.others.iter().find(|other| other.is_contract) {
        let county = other.county.clone().unwrap_or_default();
        return Err(AppError::refused(format!("{county}本学年已经有一份合同，不能再签")));
    }
    let student_id = put_person(act, student, |person| {
        whole.draft.get("township").clone_into(&mut person.township);
        whole.draft.get("village").clone_into(&mut person.village);
    })?;
    let co_id = put_person(act, &co.party, |_| ())?;
    let file = put_file(act, (student_id, co_id), &whole, (co, study))?;
    if row.product() == Product::Local {
        number_own(act, row)?;
    }
    let signed_on = row.submitted_at.map_or(act.today, |at| local(at).date());
    let (terms, years) =
        terms(&policy, (row.product(), &row.contract_no), study, (row.loan_year, signed_on));
    let mut made = new_loan(act, row, (file, co_id), study, (&terms, years));
    if let Some(account) = &study.account {
        let (sealed, mask) = loan::seal_account(&sealer, account)?;
        (made.account_sealed, made.account_mask) = (Some(sealed), mask);
    }
    loan::insert_all(act.db, std::slice::from_ref(&made))?;
    refresh(act, made.id)?;
    row.person_id = Some(student_id);
    row.file_id = Some(file);
    row.loan_id = Some(made.id);
    row.amount_fen = Some(made.principal_fen);
    row.state = State::Signed;
    let summary = format!("合同 {}，¥{}", made.contract_no, made.principal_fen.to_page_text());
    act.audit(AuditEntry::of("contract_signed", &student.name, summary).on_file(file))
}

fn refresh(act: &mut Act<'_>, id: LoanId) -> AppResult<()> {
    let basis = act.parts.basis();
    position::refresh(act.db, act.scope, &basis, &[id], act.today)?;
    act.happened(&Happened::Refigured(&[id]))
}

/// Number and code of the county's own product.
fn number_own(act: &mut Act<'_>, row: &mut Application) -> AppResult<()> {
    let letters = office::find(act.db, act.scope.own())?.letters;
    let serial = loan::take_contract_serial(act.db, act.scope, row.loan_year)?;
    row.contract_no = format!("{letters}D{}-{serial:04}", row.loan_year);
    let random = u32::from_str_radix(&random_hex(4)?, 16).map_err(AppError::broken)?;
    row.receipt_code = format!("{:06}", random % 1_000_000);
    Ok(())
}

/// The person of a party: made, or with what was said at the counter.
fn put_person(act: &mut Act<'_>, party: &Party, more: impl Fn(&mut Person)) -> AppResult<PersonId> {
    let sealer = act.parts.sealer.clone();
    let index = sealer.index(Field::IdNumber, party.id.as_str());
    let known = person::by_index(act.db, act.scope, std::slice::from_ref(&index))?;
    let known = known.into_values().next();
    let mut one = match &known {
        Some(known) => Person { version: known.version + 1, ..known.clone() },
        None => {
            let own = (act.id(), act.scope.own());
            Person::new(own, (&party.name, &party.id), &sealer, act.now)?
        }
    };
    if !party.address.is_empty() {
        one.address.clone_from(&party.address);
    }
    more(&mut one);
    one.updated_at = act.now;
    let rows = std::slice::from_ref(&one);
    match known {
        Some(_) => person::replace_all(act.db, rows)?,
        None => person::insert_all(act.db, rows)?,
    }
    put_phone(act, one.id, party)?;
    Ok(one.id)
}

fn put_phone(act: &mut Act<'_>, person_id: PersonId, party: &Party) -> AppResult<()> {
    let sealer = act.parts.sealer.clone();
    let index = sealer.index(Field::Phone, party.phone.as_str());
    let known = person::phones_of(act.db, act.scope, &[person_id])?;
    if let Some(known) = known.iter().find(|phone| phone.phone_index == index) {
        return match known.state {
            PhoneState::OnFile => Ok(()),
            _ => person::use_again(act.db, act.scope, known.id, (SOURCE, act.now)),
        };
    }
    let id: PhoneId = act.id();
    let phone = Phone {
        id,
        office_code: act.scope.own().to_owned(),
        person_id,
        phone_sealed: sealer.seal(Field::Phone, party.phone.as_str().as_bytes())?,
        phone_index: index,
        phone_mask: party.phone.masked(),
        state: PhoneState::OnFile,
        source: SOURCE.to_owned(),
        recorded_at: act.now,
    };
    person::insert_phones(act.db, &[phone])
}

/// The student's file: made with the first contract, else with what has changed.
fn put_file(
    act: &mut Act<'_>,
    (student, co): (PersonId, PersonId),
    whole: &Whole,
    (signer, study): (&CoBorrower, &Study),
) -> AppResult<FileId> {
    let known = loan::files_of(act.db, act.scope, &[student])?.into_values().next();
    let is_new = known.is_none();
    let mut file = match known {
        Some(known) => LoanFile { version: known.version + 1, ..known },
        None => {
            let year = whole.app.loan_year;
            let letters = office::find(act.db, act.scope.own())?.letters;
            let serial = loan::take_serials(act.db, act.scope, year, 1)?;
            let id: FileId = act.id();
            new_file(act, (id, student), loan::file_no(&letters, year, serial))
        }
    };
    let draft = &whole.draft;
    file.co_person_id = Some(co);
    signer.relation.in_words().clone_into(&mut file.co_relation);
    for (place, name) in [
        (&mut file.high_school, "high_school"),
        (&mut file.family_kind, "family_kind"),
        (&mut file.hardship_level, "hardship_level"),
        (&mut file.student_number, "student_number"),
        (&mut file.major, "major"),
    ] {
        let value = draft.get(name);
        if !value.is_empty() {
            value.clone_into(place);
        }
    }
    file.university.clone_from(&study.university);
    study.degree.in_words().clone_into(&mut file.degree);
    file.school_years = Some(study.school_years);
    if file.entered_on.is_none_or(|on| on.year() != study.entered) {
        file.entered_on = Some(day_in(study.entered, 9, 1));
    }
    if file.graduates_on.is_none_or(|on| on.year() != study.graduates) {
        file.graduates_on = Some(day_in(study.graduates, 7, 1));
    }
    file.updated_at = act.now;
    let rows = std::slice::from_ref(&file);
    if is_new {
        loan::insert_files(act.db, rows)?
    } else {
        loan::replace_files(act.db, rows)?
    }
    Ok(file.id)
}

fn new_file(act: &Act<'_>, (id, person_id): (FileId, PersonId), file_no: String) -> LoanFile {
    LoanFile {
        id,
        office_code: act.scope.own().to_owned(),
        file_no,
        person_id,
        co_person_id: None,
        co_relation: String::new(),
        high_school: String::new(),
        university: String::new(),
        university_code: String::new(),
        major: String::new(),
        student_number: String::new(),
        degree: String::new(),
        school_years: None,
        entered_on: None,
        graduates_on: None,
        family_kind: String::new(),
        hardship_level: String::new(),
        note: String::new(),
        owner_id: act.by.staff_id,
        created_at: act.now,
        updated_at: act.now,
        version: 1,
    }
}

fn new_loan(
    act: &mut Act<'_>,
    row: &Application,
    (file_id, co): (FileId, PersonId),
    study: &Study,
    (terms, years): (&Terms, i32),
) -> Loan {
    Loan {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        file_id,
        contract_no: row.contract_no.clone(),
        product: row.product().as_text().to_owned(),
        loan_year: row.loan_year,
        is_first: row.is_first,
        level: terms.level.as_text().to_owned(),
        principal_fen: study.amount,
        tuition_fen: Some(study.tuition),
        lodging_fen: Some(study.lodging),
        term_years: Some(years),
        signed_on: terms.signed_on,
        subsidy_ends_on: terms.subsidy_ends_on,
        final_due_on: terms.final_due_on,
        grace_years: terms.grace_years,
        due_month_day: terms.due_day.to_text(),
        fixed_rate_ppm: match terms.pricing {
            Pricing::Floating => None,
            Pricing::Fixed(rate) => Some(rate),
        },
        penalty_percent: terms.penalty_ppm / 10_000,
        day_count: terms.day_count.as_text().to_owned(),
        switches: switches_to_text(&terms.switches),
        co_person_id: Some(co),
        receipt_code: row.receipt_code.clone(),
        receipt_on: None,
        agent: String::new(),
        account_sealed: None,
        account_mask: String::new(),
        bank_state: String::new(),
        created_at: act.now,
        updated_at: act.now,
        version: 1,
    }
}

/// The contract of an application that is signed.
pub fn signed_loan(act: &mut Act<'_>, row: &Application) -> AppResult<Loan> {
    let id = row.loan_id.filter(|_| row.state == State::Signed);
    let id = id.ok_or_else(|| AppError::refused("还没有合同"))?;
    loan::by_ids(act.db, act.scope, &[id])?.pop().ok_or(AppError::NotFound)
}

/// A raise that was approved.
pub fn raise(act: &mut Act<'_>, row: &mut Application, to: Fen) -> AppResult<()> {
    let mut signed = signed_loan(act, row)?;
    if position::was_paid_out(act.db, act.scope, signed.id)? {
        return Err(AppError::refused("贷款已经发放，不能再提额"));
    }
    batch::refuse_listed(act, &signed)?;
    row.raised_from_fen = Some(signed.principal_fen);
    row.amount_fen = Some(to);
    let summary = format!(
        "合同 {}，¥{} 提到 ¥{}",
        signed.contract_no,
        signed.principal_fen.to_page_text(),
        to.to_page_text()
    );
    signed.principal_fen = to;
    signed.version += 1;
    signed.updated_at = act.now;
    loan::replace_all(act.db, std::slice::from_ref(&signed))?;
    refresh(act, signed.id)?;
    act.audit(AuditEntry::of("contract_raised", &row.name, summary).on_file(signed.file_id))
}

/// What keeps a contract from being void.
pub fn check_void(act: &mut Act<'_>, signed: &Loan) -> AppResult<()> {
    if position::was_paid_out(act.db, act.scope, signed.id)? {
        return Err(AppError::refused("贷款已经发放，合同不能作废，请走提前还款"));
    }
    batch::refuse_listed(act, signed)?;
    if signed.receipt_on.is_some() {
        return Err(AppError::refused("高校已经录了回执，先把回执退回，再作废合同"));
    }
    Ok(())
}

/// A contract that nothing was ever booked on goes; its application keeps what it said.
pub fn void(act: &mut Act<'_>, row: &mut Application, reason: &str) -> AppResult<()> {
    let signed = signed_loan(act, row)?;
    check_void(act, &signed)?;
    position::remove(act.db, act.scope, &[signed.id], &[])?;
    loan::remove_all(act.db, act.scope, &[signed.id])?;
    let rest: Vec<LoanId> =
        loan::chain(act.db, act.scope, signed.file_id)?.iter().map(|one| one.id).collect();
    let basis = act.parts.basis();
    if rest.is_empty() {
        position::remove(act.db, act.scope, &[], &[signed.file_id])?;
    } else {
        position::refresh(act.db, act.scope, &basis, &rest, act.today)?;
    }
    row.state = State::Void;
    row.loan_id = None;
    reason.clone_into(&mut row.reason);
    let summary = format!("合同 {}", signed.contract_no);
    let entry = AuditEntry::of("contract_voided", &row.name, summary).on_file(signed.file_id);
    act.audit(AuditEntry { reason: reason.to_owned(), ..entry })
}
