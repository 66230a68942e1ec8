//! A receipt beside its contract, and the form for one that comes by hand.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::list::PATH;
use super::rules::{State, ToldBy, school_year};
use super::steps::{self, Decision, Entered};
use super::store::{self, Receipt};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, local};
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::book::{loan, person};
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest reason in characters.
const REASON_MAX: usize = 80;

/// One line of the comparison: what, as the university wrote it, as the contract says.
type Pair = (&'static str, Option<Fen>, Option<Fen>);

#[derive(Serialize)]
struct ReceiptPage {
    receipt: Receipt,
    state: &'static str,
    is_open: bool,
    told_by: &'static str,
    year: String,
    file_no: Option<String>,
    /// The contract beside it is only that of the student and year.
    is_candidate: bool,
    contract_no: Option<String>,
    code: Option<String>,
    pairs: Vec<Pair>,
    decided: String,
}

impl FormPage for ReceiptPage {
    const TEMPLATE: &'static str = "receipt/one.html";
    const REFUSED_AT: &'static str = "reason";
}

async fn page(desk: &DeskRequest, id: RowId) -> AppResult<ReceiptPage> {
    let (receipt, loan, file) = desk
        .read(move |db, scope| {
            let receipt = store::find(db, scope, id)?;
            let loan = match receipt.loan_id {
                Some(id) => loan::by_ids(db, scope, &[id])?.pop(),
                None => store::candidate(db, scope, &receipt)?,
            };
            let file = loan.as_ref().map(|loan| loan::file(db, scope, loan.file_id)).transpose()?;
            Ok((receipt, loan, file))
        })
        .await?;
    let of = loan.as_ref();
    let pairs = vec![
        ("学费", receipt.tuition_fen, of.and_then(|loan| loan.tuition_fen)),
        ("住宿费", receipt.lodging_fen, of.and_then(|loan| loan.lodging_fen)),
        ("贷款金额", Some(receipt.amount_fen), of.map(|loan| loan.principal_fen)),
    ];
    let decided_on = receipt.decided_at.map(|at| in_words(local(at).date(), desk.today()));
    Ok(ReceiptPage {
        state: receipt.state.in_words(),
        is_open: matches!(receipt.state, State::Differs | State::Matched),
        told_by: receipt.told_by.in_words(),
        year: school_year(receipt.loan_year),
        file_no: file.map(|file| file.file_no),
        is_candidate: receipt.loan_id.is_none() && loan.is_some(),
        contract_no: of.map(|loan| loan.contract_no.clone()),
        code: of.map(|loan| loan.receipt_code.clone()),
        pairs,
        decided: decided_on.map(|on| format!("{}，{on}", receipt.decided_by)).unwrap_or_default(),
        receipt,
    })
}

/// `GET /receipts/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

/// `POST /receipts/{id}`
pub async fn decide(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let reason = form.text("reason", REASON_MAX);
        let decision = form.choice("decision", Decision::from_text, "请选采用、退回或者撤回");
        if decision == Some(Decision::Reject) && reason.is_empty() {
            form.reject("reason", "退回要写一句原因，高校才知道改什么");
        }
        let decision = form.checked(decision)?;
        let key = form.key();
        let is_of_contract = desk
            .act("receipt decided", move |act| steps::decide(act, &key, seen, (decision, &reason)))
            .await?;
        Ok(Done::to(
            format!("{PATH}/{id}"),
            match decision {
                Decision::Accept => "已采用，这份合同可以等放款了",
                Decision::Reject if !is_of_contract => "已退回高校",
                Decision::Reject => "已退回，合同又列在“还没有回执”里",
                Decision::Reopen => "已撤回，可以重新核对",
            },
        ))
    })
    .await
}

/// The contracts of a file, to enter a receipt of one.
#[derive(Serialize)]
struct NewPage {
    file_no: String,
    name: String,
    contracts: Vec<Choice>,
    ways: Vec<Choice>,
    today: String,
    /// The file has no 学号 yet.
    needs_number: bool,
    /// What goes back may come again with the same words: another page is another form.
    key: String,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "receipt/new.html";
    const REFUSED_AT: &'static str = "loan";

    fn fields(&self) -> Fields {
        Fields::default().with("entered_on", &self.today)
    }
}

async fn new_page(desk: &DeskRequest, file_no: String) -> AppResult<NewPage> {
    let (file, name, mut loans) = desk
        .read(move |db, scope| {
            let file = loan::file_by_no(db, scope, &file_no)?;
            let name = person::find(db, scope, file.person_id)?.name;
            let loans = loan::chain(db, scope, file.id)?;
            Ok((file, name, loans))
        })
        .await?;
    loans.reverse();
    let contract = |one: &loan::Loan| {
        let text = format!("{}，合同 {}", school_year(one.loan_year), one.contract_no);
        Choice::new(one.id, text)
    };
    Ok(NewPage {
        file_no: file.file_no,
        name,
        contracts: loans.iter().map(contract).collect(),
        ways: Choice::all(&[ToldBy::Certificate, ToldBy::Sms, ToldBy::Hand]),
        today: desk.today().to_string(),
        needs_number: file.student_number.is_empty(),
        key: desk.app.next_id().to_string(),
    })
}

/// `GET /receipts/new/{file_no}`
pub async fn new(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk, file_no.into_inner()).await?)
}

/// `POST /receipts/new/{file_no}`
pub async fn enter(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    desk.submit(form, new_page(&desk, file_no.clone()), async |form| {
        let loan: Option<LoanId> = form.id("loan");
        if loan.is_none() {
            form.reject("loan", "请选是哪一份合同的回执");
        }
        let told_by = form.choice("told_by", ToldBy::from_text, "请选从哪里知道的");
        let (tuition, lodging) = (form.money("tuition"), form.money("lodging"));
        for (name, amount) in [("tuition", tuition), ("lodging", lodging)] {
            if form.get(name).is_empty() || amount.is_some_and(|amount| amount < Fen::ZERO) {
                form.reject(name, "学费和住宿费分开填，没有的写 0");
            }
        }
        let entered_on = form.date("entered_on");
        if entered_on.is_none_or(|on| on > desk.today()) {
            form.reject("entered_on", "录入日期请写成 2026-09-20 这样，不能晚于今天");
        }
        let (code, student_number) = (form.text("code", 20), form.text("student_number", 30));
        let is_code_seen = form.has("code_seen");
        let read = loan.zip(told_by).zip(tuition.zip(lodging)).zip(entered_on);
        let entered =
            form.checked(read.map(|(((loan, told_by), (tuition, lodging)), entered_on)| {
                Entered {
                    loan,
                    student_number,
                    code,
                    is_code_seen,
                    told_by,
                    tuition,
                    lodging,
                    entered_on,
                }
            }))?;
        let key = form.key();
        desk.act("receipt entered", move |act| steps::enter(act, &key, &entered)).await?;
        Ok(Done::to(format!("/loans/{file_no}/contracts"), "回执已登记"))
    })
    .await
}
