//! `/disbursements/loans/{id}/letter`: tells a university that a contract is signed and its money
//! on its way, so that the student enrols first (绿色通道说明, rules.md 000-2). Full numbers stand
//! on paper only; who printed what is written down.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::store::WITHDRAWN;
use crate::base::capital::capital;
use crate::base::dates::{day_in, in_words};
use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person::{self, Person};
use crate::book::statement::Product;
use crate::book::{position, print_number};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;

/// Why no university is told that money is on its way.
pub fn no_letter(is_paid_out: bool, bank_state: &str, university: &str) -> Option<&'static str> {
    if is_paid_out {
        return Some("贷款已经发放，不用再开绿色通道说明");
    }
    if bank_state == WITHDRAWN {
        return Some("合同已经撤回，不能开绿色通道说明");
    }
    university.is_empty().then_some("档案里没有高校，先补上再开绿色通道说明")
}

#[derive(Serialize)]
struct LetterPage {
    loan: LoanId,
    office: String,
    office_phone: String,
    by: String,
    print_no: String,
    today: String,
    name: String,
    id_number: String,
    university: String,
    contract_no: String,
    school_year: String,
    is_own: bool,
    amount: Fen,
    capital: String,
    /// Tuition and lodging of the contract; none: not known.
    fees: (Option<Fen>, Option<Fen>),
    signed_on: String,
    /// By when the university enters the receipt.
    deadline: String,
    /// By when the county clears up contracts without money.
    paid_by: String,
}

/// `GET /disbursements/loans/{id}/letter`
pub async fn show(desk: DeskRequest, id: web::Path<LoanId>) -> AppResult<HttpResponse> {
    let id = *id;
    let (of, is_paid_out) = desk
        .read(move |db, scope| {
            let loan = loan::by_ids(db, scope, &[id])?.pop().ok_or(AppError::NotFound)?;
            let file = loan::file(db, scope, loan.file_id)?;
            let person = person::find(db, scope, file.person_id)?;
            Ok(((loan, file, person), position::was_paid_out(db, scope, id)?))
        })
        .await?;
    if let Some(why) = no_letter(is_paid_out, &of.0.bank_state, &of.1.university) {
        return Err(AppError::refused(why));
    }
    let page = page(&desk, &of)?;
    let (loan, _, person) = of;
    let summary = format!("打印绿色通道说明：合同 {}", loan.contract_no);
    let entry = AuditEntry::of("printed", &person.name, summary).on_file(loan.file_id);
    let note =
        desk.act("green channel letter printed", move |act| print_number::note(act, entry.clone()));
    let print_no = note.await?;
    desk.page("disbursement/letter.html", LetterPage { print_no, ..page })
}

fn page(
    desk: &DeskRequest,
    (loan, file, person): &(Loan, LoanFile, Person),
) -> AppResult<LetterPage> {
    let (policy, today) = (desk.app.policy(), desk.today());
    let days = policy.disbursement_days.on(day_in(loan.loan_year, 9, 1));
    Ok(LetterPage {
        loan: loan.id,
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        by: desk.me.name.clone(),
        print_no: String::new(),
        today: in_words(today, NaiveDate::MIN),
        name: person.name.clone(),
        id_number: person::open_id(&desk.app.sealer, person)?,
        university: file.university.clone(),
        contract_no: loan.contract_no.clone(),
        school_year: format!("{}-{}", loan.loan_year, loan.loan_year + 1),
        is_own: loan.product() == Some(Product::Local),
        amount: loan.principal_fen,
        capital: capital(loan.principal_fen),
        fees: (loan.tuition_fen, loan.lodging_fen),
        signed_on: in_words(loan.signed_on, NaiveDate::MIN),
        deadline: in_words(policy.receipt_deadline(loan.loan_year), today),
        paid_by: in_words(days.unpaid_by.in_year(loan.loan_year), today),
    })
}
