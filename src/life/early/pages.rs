//! One request: what it takes, its notice, its withdrawal, and the bank's answer.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::list::PATH;
use super::new::{View, unchosen};
use super::result;
use super::rules::{Answer, Outcome, State};
use super::steps::{self, Withdrawer, booked};
use super::store::{self, EarlyRepayment};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, minute};
use crate::base::ids::{FileId, RowId};
use crate::base::money::Fen;
use crate::book::early_repayment::figures;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest reason in characters.
const REASON_MAX: usize = 120;

#[derive(Serialize)]
pub(super) struct OnePage {
    pub id: RowId,
    #[serde(skip)]
    pub file: FileId,
    version: i32,
    pub name: String,
    pub file_no: String,
    pub number: String,
    pub loan_year: i32,
    pub agent: String,
    pub account: String,
    pub what: String,
    is_whole: bool,
    pub requested_on: String,
    pub requester: &'static str,
    source: &'static str,
    pub settles_on: String,
    state: State,
    state_words: &'static str,
    sent_on: Option<String>,
    /// What it takes, while it waits for the bank.
    pub figures: Option<View>,
    pub needed: Fen,
    /// What the bank says: day and sum.
    debited: Option<(String, Fen)>,
    /// The bank's list of repayments has it already.
    booked_on: Option<String>,
    reason: String,
    handled: String,
    can_withdraw: bool,
    can_answer: bool,
    outcomes: Vec<Choice>,
    #[serde(skip)]
    row: EarlyRepayment,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "early/one.html";
    const REFUSED_AT: &'static str = "outcome";

    fn fields(&self) -> Fields {
        let row = &self.row;
        let outcome = row.is_debited.map(|is| match is {
            true => Outcome::Debited.as_text(),
            false => Outcome::NotDebited.as_text(),
        });
        let amount = row.debited_fen.map(Fen::to_yuan_text);
        let on = row.debited_on.unwrap_or(row.settles_on);
        Fields::default()
            .with("outcome", outcome.unwrap_or_default())
            .with("on", on)
            .with("amount", amount.unwrap_or_default())
    }
}

pub(super) async fn one_page(desk: &DeskRequest, id: RowId) -> AppResult<OnePage> {
    let (basis, policy, today) = (desk.app.basis(), desk.app.policy(), desk.today());
    desk.read(move |db, scope| {
        let row = store::find(db, scope, id)?;
        let (file, name) = steps::whose(db, scope, row.file_id)?;
        let contract = steps::contract(db, scope, &basis, (row.loan_id, today))?;
        let booked_on = booked(&contract.rows, &row);
        let waits = matches!(row.state, State::Open | State::Answered) && booked_on.is_none();
        let days = (row.requested_on, row.settles_on);
        let figures = waits
            .then(|| figures(&[&contract], (&basis, &policy), days, row.part_fen))
            .transpose()?;
        let day = |on: NaiveDate| in_words(on, today);
        let decided = match row.decided_by.is_empty() {
            true => String::new(),
            false => format!("，{}复核", row.decided_by),
        };
        let debited = row.debited_on.map(|on| (day(on), row.debited_fen.unwrap_or_default()));
        Ok(OnePage {
            id: row.id,
            file: row.file_id,
            version: row.version,
            name,
            file_no: file.file_no,
            number: contract.loan.contract_no.clone(),
            loan_year: contract.loan.loan_year,
            agent: contract.loan.agent.clone(),
            account: contract.loan.account_mask.clone(),
            what: row.what(),
            is_whole: row.part_fen.is_none(),
            requested_on: day(row.requested_on),
            requester: row.requester.in_words(),
            source: row.source.in_words(),
            settles_on: day(row.settles_on),
            state: row.state,
            state_words: row.state.in_words(),
            sent_on: row.sent_on.map(day),
            needed: figures.as_ref().map_or(row.needed_fen, |of| of.now.total),
            figures: figures.map(|of| View::of(of, today)),
            debited,
            booked_on: booked_on.map(day),
            reason: row.reason.clone(),
            handled: format!("{}登记，{}{decided}", row.staff_name, minute(row.updated_at)),
            can_withdraw: row.state == State::Open && row.settles_on > today,
            can_answer: matches!(row.state, State::Open | State::Lapsed) && row.settles_on <= today,
            outcomes: unchosen(Choice::all(Outcome::ALL)),
            row,
        })
    })
    .await
}

/// `GET /early-repayments/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&one_page(&desk, *id).await?)
}

/// `POST /early-repayments/{id}`: the bank's answer, or withdrawn.
pub async fn step(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, one_page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        if form.get("step") == "withdraw" {
            let reason = form.text("reason", REASON_MAX);
            form.required("reason", "请写一句为什么撤回");
            form.check()?;
            desk.act("early repayment withdrawn", move |act| {
                steps::withdraw(act, seen, &reason, Withdrawer::Desk)
            })
            .await?;
            return Ok(Done::to(PATH, "已撤回，可以重新申请"));
        }
        let or = "请选银行的结果：扣成了，还是没有扣成";
        let outcome = form.choice("outcome", Outcome::from_text, or);
        let is_debited = outcome == Some(Outcome::Debited);
        // The day stands in the form before anybody chooses; it means nothing without a debit.
        let on = form.date("on").filter(|_| is_debited);
        let (amount, reason) = (form.money("amount"), form.text("bank_reason", REASON_MAX));
        let outcome = form.checked(outcome)?;
        let answer = Answer { outcome, on, amount, reason };
        desk.act("early repayment answered", move |act| result::answer(act, seen, &answer)).await?;
        Ok(Done::to(format!("{PATH}/{id}"), "已登记，由别人复核"))
    })
    .await
}
