//! `/disbursements/loans/{id}`: where the money of one contract is, and what somebody says of it:
//! it is at the university, was given back in part, is frozen, went back.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::letter::no_letter;
use super::rules::{self, Move, Stop, Way};
use super::steps::{self, Report};
use super::store::{self, Disbursement, WITHDRAWN};
use crate::base::choice::Choice;
use crate::base::ids::LoanId;
use crate::book::batch::store as lists;
use crate::book::{loan, person, position};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest reason in characters.
const REASON_MAX: usize = 80;
/// Longest name of a bank, and longest account, in characters.
const AGENT_MAX: usize = 30;
const ACCOUNT_MAX: usize = 60;

#[derive(Serialize)]
struct MoneyPage {
    loan: LoanId,
    name: String,
    file_no: String,
    contract_no: String,
    year: String,
    /// None: no list has gone to the bank.
    money: Option<Disbursement>,
    state: &'static str,
    batch: String,
    stops: Vec<Stop>,
    moves: Vec<Choice>,
    today: String,
    loan_version: i32,
    account: String,
    agent: String,
    /// Its account may still be entered or changed.
    is_open: bool,
    /// Its university can be told that the money is on its way.
    has_letter: bool,
}

impl FormPage for MoneyPage {
    const TEMPLATE: &'static str = "disbursement/one.html";
    const REFUSED_AT: &'static str = "by";

    fn fields(&self) -> Fields {
        Fields::default().with("on", &self.today).with("agent", &self.agent)
    }
}

async fn page(desk: &DeskRequest, id: LoanId) -> AppResult<MoneyPage> {
    let (row, loan, file, name, batch, is_paid_out) = desk
        .read(move |db, scope| {
            let loan = loan::by_ids(db, scope, &[id])?.pop().ok_or(AppError::NotFound)?;
            let file = loan::file(db, scope, loan.file_id)?;
            let name = person::find(db, scope, file.person_id)?.name;
            let row = store::of(db, scope, &[id])?.remove(&id);
            let batch = row.as_ref().map(|row| lists::find(db, scope, row.batch_id)).transpose()?;
            Ok((row, loan, file, name, batch, position::was_paid_out(db, scope, id)?))
        })
        .await?;
    let today = desk.today();
    Ok(MoneyPage {
        loan: id,
        name,
        file_no: file.file_no,
        has_letter: no_letter(is_paid_out, &loan.bank_state, &file.university).is_none(),
        is_open: !is_paid_out && loan.bank_state != WITHDRAWN,
        loan_version: loan.version,
        account: loan.account_mask,
        agent: loan.agent,
        contract_no: loan.contract_no,
        year: format!("{}-{} 学年", loan.loan_year, loan.loan_year + 1),
        state: row.as_ref().map_or("还没有报送", |row| row.state.in_words()),
        batch: batch.map(|batch| batch.number()).unwrap_or_default(),
        stops: rules::way(Way::of(row.as_ref()), &desk.app.policy(), today),
        moves: row.as_ref().map(|row| Choice::all(&row.state.by_hand())).unwrap_or_default(),
        today: today.to_string(),
        money: row,
    })
}

/// `GET /disbursements/loans/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<LoanId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

/// `POST /disbursements/loans/{id}`
pub async fn change(
    desk: DeskRequest,
    id: web::Path<LoanId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let by = form.choice("by", Move::from_text, "请选钱到了哪里");
        let (on, amount) = (form.date("on"), form.money("amount"));
        let reason = form.text("reason", REASON_MAX);
        if on.is_none_or(|on| on > desk.today()) {
            form.reject("on", "日期请写成 2026-11-20 这样，不能晚于今天");
        }
        let needs_reason =
            matches!(by, Some(Move::PartReturn | Move::Freeze | Move::Return | Move::Correct));
        if needs_reason && reason.is_empty() {
            form.reject("reason", "请写一句原因，家里会看到");
        }
        let (by, on) = form.checked(by.zip(on))?;
        let (report, key) = (Report { by, on, amount, reason }, form.key());
        desk.act("disbursement moved", move |act| steps::report(act, &key, seen, &report)).await?;
        desk.app.note_change();
        Ok(Done::to(format!("/disbursements/loans/{id}"), "已登记"))
    })
    .await
}

/// `POST /disbursements/loans/{id}/account`
pub async fn account(
    desk: DeskRequest,
    id: web::Path<LoanId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let agent = form.text("agent", AGENT_MAX);
        let account: String =
            form.text("account", ACCOUNT_MAX).chars().filter(|one| !one.is_whitespace()).collect();
        let key = form.key();
        desk.act("account entered", move |act| {
            steps::set_account(act, &key, seen, (&agent, &account))
        })
        .await?;
        desk.app.note_change();
        Ok(Done::to(format!("/disbursements/loans/{id}"), "账号已登记"))
    })
    .await
}
