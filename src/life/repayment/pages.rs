//! The forms: money with where it goes, a deferral, a counter-entry; and one posting.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::rules::{Channel, Payment};
use super::steps::{self, Deferrable, Typed};
use crate::base::choice::Choice;
use crate::base::dates::minute;
use crate::base::ids::{EventId, FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::book::loan;
use crate::book::person;
use crate::book::posting::{self, Kind, State};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest texts in characters.
const VOUCHER_MAX: usize = 60;
const REASON_MAX: usize = 120;

/// Whose file it is.
#[derive(Clone, Serialize)]
struct Head {
    file_no: String,
    name: String,
    #[serde(skip)]
    file: FileId,
}

async fn head(desk: &DeskRequest, file_no: String) -> AppResult<Head> {
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let name = person::find(db, scope, file.person_id)?.name;
        Ok(Head { file_no: file.file_no, name, file: file.id })
    })
    .await
}

#[derive(Serialize)]
struct PayPage {
    #[serde(flatten)]
    head: Head,
    contracts: Vec<Choice>,
    channels: Vec<Choice>,
    today: String,
    key: String,
    /// Where the money of the form would go, as far as it is filled in.
    shares: Vec<(String, Fen)>,
    #[serde(skip)]
    filled: PayForm,
}

/// What the form says so far, to see where the money goes before it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PayForm {
    on: String,
    amount: String,
    contract: String,
    channel: String,
    voucher: String,
}

impl FormPage for PayPage {
    const TEMPLATE: &'static str = "repayment/pay.html";
    const REFUSED_AT: &'static str = "amount";

    fn fields(&self) -> Fields {
        Fields::default()
            .with("on", &self.filled.on)
            .with("amount", &self.filled.amount)
            .with("contract", &self.filled.contract)
            .with("channel", &self.filled.channel)
            .with("voucher", &self.filled.voucher)
    }
}

async fn pay_page(desk: &DeskRequest, file_no: String, filled: PayForm) -> AppResult<PayPage> {
    let head = head(desk, file_no).await?;
    let (basis, today, file) = (desk.app.basis(), desk.today(), head.file);
    let payment = || -> Option<Payment> {
        let channel = Channel::from_text(&filled.channel).unwrap_or(Channel::Other);
        let amount: Fen = filled.amount.parse().ok()?;
        Some(Payment { on: filled.on.parse().ok()?, amount, channel })
    };
    let payment = payment().filter(|one| one.amount.is_positive());
    let only = only(&filled.contract);
    let (all, shares) = desk
        .read(move |db, scope| {
            let all = steps::contracts(db, scope, &basis, (file, None), (today, today))?;
            let Some(payment) = payment else { return Ok((all, Vec::new())) };
            let then = steps::contracts(db, scope, &basis, (file, only), (payment.on, today))?;
            Ok((all, steps::shared(&then, &payment, today).unwrap_or_default()))
        })
        .await?;
    let contract = |one: &crate::book::file::Contract| {
        Choice::new(one.loan.id, format!("合同 {}", one.loan.contract_no))
    };
    let rule = Choice::new("", "按先到期先还分到各合同");
    Ok(PayPage {
        head,
        contracts: std::iter::once(rule).chain(all.iter().map(contract)).collect(),
        channels: std::iter::once(Choice::new("", "请选择"))
            .chain(Choice::all(Channel::ALL))
            .collect(),
        today: today.to_string(),
        key: desk.app.next_id().to_string(),
        shares: shares.into_iter().map(|(_, no, fen)| (no, fen)).collect(),
        filled,
    })
}

fn only(contract: &str) -> Option<LoanId> {
    contract.parse().ok().map(LoanId::new)
}

/// `GET /repayments/new/{file_no}`
pub async fn new(
    desk: DeskRequest,
    file_no: web::Path<String>,
    filled: web::Query<PayForm>,
) -> AppResult<HttpResponse> {
    desk.show(&pay_page(&desk, file_no.into_inner(), filled.into_inner()).await?)
}

/// `POST /repayments/new/{file_no}`: handed to a second person.
pub async fn pay(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    let filled = PayForm {
        on: form.0.get("on").to_owned(),
        amount: form.0.get("amount").to_owned(),
        contract: form.0.get("contract").to_owned(),
        ..PayForm::default()
    };
    desk.submit(form, pay_page(&desk, no.clone(), filled), async |form| {
        form.required("on", "请填钱到账的日期");
        form.required("amount", "请填金额");
        form.required("voucher", "请写凭证，例如转账回单号、收据号");
        let (on, amount) = (form.date("on"), form.money("amount"));
        if amount.is_some_and(|fen| !fen.is_positive()) {
            form.reject("amount", "金额要大于零；要退回以前的一笔请办冲正");
        }
        let channel = form.choice("channel", Channel::from_text, "请选钱是怎么来的");
        let voucher = form.text("voucher", VOUCHER_MAX);
        let read = on.zip(amount).zip(channel);
        let ((on, amount), channel) = form.checked(read)?;
        let (only, is_another) = (only(form.get("contract")), form.has("again"));
        let typed = Typed { payment: Payment { on, amount, channel }, only, voucher, is_another };
        let (key, at) = (form.key(), format!("/loans/{no}"));
        desk.act("payment proposed", move |act| steps::pay(act, &key, &no, &typed)).await?;
        Ok(Done::to(at, "已提交，由别人复核，同意以后才记账"))
    })
    .await
}

#[derive(Serialize)]
struct DeferPage {
    #[serde(flatten)]
    head: Head,
    contracts: Vec<(String, String, Fen)>,
    /// Why it cannot be; empty when it can.
    why_not: String,
    until: String,
    key: String,
}

impl FormPage for DeferPage {
    const TEMPLATE: &'static str = "repayment/defer.html";
    const REFUSED_AT: &'static str = "note";

    fn fields(&self) -> Fields {
        Fields::default()
    }
}

async fn defer_page(desk: &DeskRequest, file_no: String) -> AppResult<DeferPage> {
    let head = head(desk, file_no).await?;
    let (basis, today, file) = (desk.app.basis(), desk.today(), head.file);
    let found = desk
        .read(move |db, scope| {
            let all = steps::contracts(db, scope, &basis, (file, None), (today, today))?;
            Ok(steps::deferrable(&all, today))
        })
        .await?;
    let policy = desk.app.policy();
    let first = found.first().map(|one| one.due_on);
    let why_not = match first {
        None => "这户今年没有还没到期的本金，不用延期".to_owned(),
        Some(due_on) => steps::may_defer(&policy, due_on, today).err().unwrap_or_default(),
    };
    let until = first.map(|on| policy.deferral_until(on).to_string()).unwrap_or_default();
    let row = |one: Deferrable| (one.contract_no, one.due_on.to_string(), one.principal);
    let contracts = found.into_iter().map(row).collect();
    Ok(DeferPage { head, contracts, why_not, until, key: desk.app.next_id().to_string() })
}

/// `GET /repayments/defer/{file_no}`
pub async fn deferral(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    desk.show(&defer_page(&desk, file_no.into_inner()).await?)
}

/// `POST /repayments/defer/{file_no}`
pub async fn defer(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    desk.submit(form, defer_page(&desk, no.clone()), async |form| {
        form.required("note", "请写是谁、怎么申请的；延期只能由本人提出");
        let (note, key) = (form.text("note", REASON_MAX), form.key());
        form.check()?;
        let at = format!("/loans/{no}");
        desk.act("deferral proposed", move |act| steps::defer(act, &key, &no, &note)).await?;
        Ok(Done::to(at, "已提交，由别人复核，同意以后今年的本金推迟一年"))
    })
    .await
}

#[derive(Serialize)]
struct ReversePage {
    id: EventId,
    name: String,
    file_no: String,
    contract_no: String,
    words: String,
    key: String,
}

impl FormPage for ReversePage {
    const TEMPLATE: &'static str = "repayment/reverse.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        Fields::default()
    }
}

async fn reverse_page(desk: &DeskRequest, id: EventId) -> AppResult<ReversePage> {
    let key = desk.app.next_id().to_string();
    desk.read(move |db, scope| {
        let of = steps::reversible(db, scope, id)?;
        let whose = posting::whose(db, scope, of.loan)?;
        let file_no = loan::file(db, scope, whose.file)?.file_no;
        let (name, contract_no) = (whose.name, whose.contract_no);
        Ok(ReversePage { id, name, file_no, contract_no, words: of.words, key })
    })
    .await
}

/// `GET /repayments/reverse/{event}`
pub async fn reversal(desk: DeskRequest, id: web::Path<EventId>) -> AppResult<HttpResponse> {
    desk.show(&reverse_page(&desk, *id).await?)
}

/// `POST /repayments/reverse/{event}`
pub async fn reverse(
    desk: DeskRequest,
    id: web::Path<EventId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, reverse_page(&desk, id), async |form| {
        form.required("reason", "请写明为什么冲正，例如记错了合同");
        let (reason, key) = (form.text("reason", REASON_MAX), form.key());
        form.check()?;
        desk.act("reversal proposed", move |act| steps::reverse(act, &key, id, &reason)).await?;
        Ok(Done::to(PATH, "已提交，由别人复核，同意以后冲正"))
    })
    .await
}

/// One posting, for its page and its receipt.
#[derive(Serialize)]
pub(super) struct OnePage {
    pub id: RowId,
    pub name: String,
    pub file_no: String,
    pub contract_no: String,
    #[serde(skip)]
    pub file: FileId,
    pub kind: &'static str,
    pub words: String,
    pub note: String,
    state: State,
    state_words: &'static str,
    reason: String,
    handled: String,
    pub amount: Fen,
    pub channel: String,
    pub on: NaiveDate,
    /// Money that is recorded: a receipt can be given.
    pub has_receipt: bool,
}

pub(super) async fn one_page(desk: &DeskRequest, id: RowId) -> AppResult<OnePage> {
    let (row, whose, file) = desk.read(move |db, scope| steps::one(db, scope, id)).await?;
    let event = row.event()?;
    let decided = row.decided_at.map(|at| format!("；{}，{}", row.decided_by, minute(at)));
    let first = format!("{}，{}", row.staff_name, minute(row.updated_at));
    Ok(OnePage {
        id: row.id,
        name: whose.name,
        file: whose.file,
        file_no: file.file_no,
        contract_no: whose.contract_no,
        kind: row.kind.in_words(),
        has_receipt: row.kind == Kind::Payment && row.state == State::Approved,
        state_words: row.state.in_words(),
        state: row.state,
        handled: first + &decided.unwrap_or_default(),
        words: row.words,
        note: row.note,
        reason: row.reason,
        amount: event.amount_fen.unwrap_or_default(),
        channel: event.channel,
        on: event.effective_on,
    })
}

/// `GET /repayments/{id}`
pub async fn one(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let page = one_page(&desk, *id).await?;
    desk.page("repayment/one.html", page)
}

/// What a receipt may be given for.
pub(super) fn receipt(page: &OnePage) -> AppResult<()> {
    if page.has_receipt {
        Ok(())
    } else {
        Err(AppError::refused("还没有记账，不能打印收款凭条"))
    }
}
