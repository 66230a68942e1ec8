//! One contract whose figures differ: both sides, the likely cause, and what is done about it.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::cause::{self, Found};
use super::list::{Figure, PATH};
use super::steps;
use crate::base::dates::minute;
use crate::base::ids::LoanId;
use crate::base::scope::Scope;
use crate::book::bank_difference::{self, BankDifference};
use crate::book::position::Basis;
use crate::book::posting::{self, Kind, Posting, State};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};
use crate::web::shell;

/// Longest reason in characters.
const REASON_MAX: usize = 200;

#[derive(Serialize)]
struct DifferencePage {
    id: i64,
    file_no: String,
    name: String,
    contract_no: String,
    figures: Vec<Figure>,
    /// Names the figures that are on the page.
    seen: String,
    key: String,
    /// The likely cause and what the bank does otherwise; empty: none was found.
    cause: &'static str,
    words: String,
    /// An event can be recorded that takes the bank's word.
    can_correct: bool,
    correction: Option<CorrectionView>,
}

#[derive(Serialize)]
struct CorrectionView {
    state: State,
    state_words: &'static str,
    words: String,
    reason: String,
    handled: String,
}

impl From<Posting> for CorrectionView {
    fn from(row: Posting) -> CorrectionView {
        let decided = row.decided_at.map(|at| format!("；{}，{}", row.decided_by, minute(at)));
        let first = format!("{}，{}", row.staff_name, minute(row.updated_at));
        CorrectionView {
            state: row.state,
            state_words: row.state.in_words(),
            handled: first + &decided.unwrap_or_default(),
            words: row.words,
            reason: row.reason,
        }
    }
}

impl FormPage for DifferencePage {
    const TEMPLATE: &'static str = "reconcile/one.html";
    const REFUSED_AT: &'static str = "reason";
    const CHANGED: &'static str = "数字刚刚变了，还没有保存：先看看现在的数字，再核对一次";

    fn fields(&self) -> Fields {
        Fields::default()
    }
}

fn seen(of: &[BankDifference]) -> String {
    of.iter().map(|one| one.id.to_string()).collect::<Vec<_>>().join(".")
}

/// What explains the figures that differ today. A contract that cannot be computed has none.
fn found(
    db: &mut Db,
    scope: &Scope,
    (loan, basis, today): (LoanId, &Basis, NaiveDate),
) -> AppResult<Option<Found>> {
    let found = super::run::one(db, scope, (loan, basis, today), cause::explain);
    match found {
        Err(AppError::Refused(_) | AppError::Broken(_)) => Ok(None),
        other => other,
    }
}

async fn one(desk: &DeskRequest, id: LoanId) -> AppResult<DifferencePage> {
    let (basis, today) = (desk.app.basis(), desk.today());
    let (whose, file_no, of, found, correction) = desk
        .read(move |db, scope| {
            let whose = posting::whose(db, scope, id)?;
            let file_no = crate::book::loan::file(db, scope, whose.file)?.file_no;
            let of = bank_difference::of_loans(db, scope, &[id])?;
            let found = match of.is_empty() {
                true => None,
                false => found(db, scope, (id, &basis, today))?,
            };
            let mut postings = posting::of_loans(db, scope, &[id])?.into_iter();
            let newest = postings.find(|one| one.kind == Kind::Correction);
            Ok((whose, file_no, of, found, newest))
        })
        .await?;
    let is_open = correction.as_ref().is_some_and(|one| one.state == State::Submitted);
    Ok(DifferencePage {
        id: id.get(),
        file_no,
        name: whose.name,
        contract_no: whose.contract_no,
        seen: seen(&of),
        key: desk.app.next_id().to_string(),
        figures: of.into_iter().map(Figure::from).collect(),
        can_correct: !is_open && found.as_ref().is_some_and(|found| found.remedy.is_some()),
        cause: found.as_ref().map_or("", |found| found.cause.in_words()),
        words: found.map(|found| found.words).unwrap_or_default(),
        correction: correction.map(CorrectionView::from),
    })
}

/// `GET /differences/{loan}`
pub async fn show(desk: DeskRequest, loan: web::Path<LoanId>) -> AppResult<HttpResponse> {
    desk.show(&one(&desk, *loan).await?)
}

/// `POST /differences/{loan}`
pub async fn check(
    desk: DeskRequest,
    loan: web::Path<LoanId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let loan = *loan;
    desk.submit(form, one(&desk, loan), async |form| {
        let reason = form.text("reason", REASON_MAX);
        form.required("reason", "请写明核对的结果，例如银行计息口径不同，已和银行核实");
        form.check()?;
        let on_page = form.get("seen").to_owned();
        desk.act("difference checked", move |act| {
            let whose = posting::whose(act.db, act.scope, loan)?;
            let of = bank_difference::of_loans(act.db, act.scope, &[loan])?;
            if seen(&of) != on_page {
                return Err(AppError::Changed);
            }
            steps::check(act, &whose, &of, &reason)
        })
        .await?;
        Ok(Done::to(PATH, "已记为核对过，数字再变时会回到待核对。要撤回请到“已核对”"))
    })
    .await
}

/// `POST /differences/{loan}/reopen`
pub async fn reopen(
    desk: DeskRequest,
    loan: web::Path<LoanId>,
    _: Form,
) -> AppResult<HttpResponse> {
    let loan = *loan;
    desk.act("difference reopened", move |act| {
        let whose = posting::whose(act.db, act.scope, loan)?;
        steps::reopen(act, &whose)
    })
    .await?;
    shell::done(&desk.app, PATH, "已撤回，回到待核对")
}

/// `POST /differences/{loan}/correct`: the bank's word, to be approved by a second person.
pub async fn correct(
    desk: DeskRequest,
    loan: web::Path<LoanId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let loan = *loan;
    desk.submit(form, one(&desk, loan), async |form| {
        let (note, key) = (form.text("note", REASON_MAX), form.key());
        form.required("note", "请写明和银行的谁、哪天核实过");
        form.check()?;
        let on_page = form.get("seen").to_owned();
        desk.act("correction submitted", move |act| {
            let whose = posting::whose(act.db, act.scope, loan)?;
            let of = bank_difference::of_loans(act.db, act.scope, &[loan])?;
            if seen(&of) != on_page {
                return Err(AppError::Changed);
            }
            steps::correct(act, &key, &whose, &of, &note)
        })
        .await?;
        Ok(Done::to(format!("{PATH}/{loan}"), "已提交，由别人复核，同意以后才记账"))
    })
    .await
}
