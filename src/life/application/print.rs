//! Papers of an application on A4: the form that both sign, a summary of the contract, its plan,
//! the certificate in two halves, the cover for the archive. Full numbers stand on paper only;
//! who printed what is written down.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::contract;
use super::facts::Whole;
use super::kinds::State;
use super::rules::product_words;
use super::view::{Line, yuan};
use super::web::load;
use crate::base::capital::capital;
use crate::base::dates::{day_in, in_words, local};
use crate::base::ids::{EventId, RowId, text_enum};
use crate::base::money::Fen;
use crate::book::archive;
use crate::book::audit_log::AuditEntry;
use crate::book::loan;
use crate::book::statement::{self, Event, EventKind, RowKind};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;

text_enum! {
    Paper {
        Form = "form", "申请表";
        Contract = "contract", "合同摘要";
        Plan = "plan", "还款计划表";
        Certificate = "certificate", "受理证明";
        Cover = "cover", "档案封面";
    }
}

impl Paper {
    /// Which papers there are in a state.
    pub fn of(state: State) -> Vec<Paper> {
        match state {
            State::Signed => Paper::ALL.to_vec(),
            State::Refused => vec![Paper::Form, Paper::Cover],
            State::Withdrawn | State::Void => Vec::new(),
            _ => vec![Paper::Form],
        }
    }
}

/// One due day of the plan, before anything is paid out.
#[derive(Serialize)]
struct PlanRow {
    due: String,
    principal: Fen,
    interest: Fen,
    rest: Fen,
}

#[derive(Serialize)]
struct PrintPage {
    id: RowId,
    title: &'static str,
    paper: Paper,
    office: String,
    office_phone: String,
    today: String,
    by: String,
    name: String,
    id_number: String,
    summary: String,
    product: &'static str,
    school_year: String,
    is_first: bool,
    is_own: bool,
    people: Vec<Line>,
    money: Vec<Line>,
    more: Vec<(&'static str, String)>,
    statement: String,
    university: String,
    contract_no: String,
    receipt_code: String,
    file_no: String,
    amount: String,
    capital: String,
    fees: (String, String),
    signed_on: String,
    deadline: String,
    plan: Vec<PlanRow>,
    total: (Fen, Fen),
    cover: Vec<archive::Paper>,
}

/// What belongs into the folder; what was refused is there as a whole (rules-more.md 3.6).
fn cover(whole: &Whole) -> Vec<archive::Paper> {
    let state = whole.app.state;
    let is_first = whole.app.is_first || state == State::Refused;
    archive::papers(is_first, state == State::Signed).to_vec()
}

/// The plan as signed, as if it were paid out in the middle of November.
fn plan(desk: &DeskRequest, whole: &Whole, signed_on: NaiveDate) -> AppResult<Vec<PlanRow>> {
    let Some(study) = &whole.read.study else { return Ok(Vec::new()) };
    let policy = desk.app.policy();
    let app = &whole.app;
    let amount = app.amount_fen.unwrap_or(study.amount);
    let key = (app.product(), app.contract_no.as_str());
    let (terms, _) = contract::terms(&policy, key, study, (app.loan_year, signed_on));
    let on = day_in(app.loan_year, 11, 15).max(signed_on);
    let kind = EventKind::Disbursed { amount };
    let event = Event { id: EventId::new(1), on, recorded_at: None, kind };
    let made = statement::statement(&terms, &[event], &policy.rates(), on);
    let made = made.map_err(|error| AppError::broken(format!("{error}")))?;
    let mut rest = amount;
    let due = made.instalments.iter().filter(|one| one.kind == RowKind::DueDay);
    let due = due.filter(|one| one.due_on > terms.subsidy_ends_on);
    Ok(due
        .map(|one| {
            rest -= one.principal;
            PlanRow {
                due: in_words(one.due_on, NaiveDate::MIN),
                principal: one.principal,
                interest: one.interest,
                rest,
            }
        })
        .collect())
}

/// `GET /applications/{id}/print/{paper}`
pub async fn show(desk: DeskRequest, path: web::Path<(RowId, String)>) -> AppResult<HttpResponse> {
    let (id, paper) = path.into_inner();
    let paper = Paper::from_text(&paper).ok_or(AppError::NotFound)?;
    let whole = load(&desk, id).await?;
    let file = whole.app.file_id;
    let file_no = match file {
        Some(file) => desk.read(move |db, scope| Ok(loan::file(db, scope, file)?.file_no)).await?,
        None => String::new(),
    };
    if !Paper::of(whole.app.state).contains(&paper) {
        return Err(AppError::NotFound);
    }
    let page = page(&desk, &whole, paper, file_no)?;
    let summary = format!("打印{}：{}", paper.in_words(), whole.summary());
    let entry = AuditEntry::of("printed", &whole.app.name, summary);
    let entry = AuditEntry { file_id: whole.app.file_id, ..entry };
    desk.act("application printed", move |act| act.audit(entry.clone())).await?;
    desk.page("application/print.html", page)
}

fn page(desk: &DeskRequest, whole: &Whole, paper: Paper, file_no: String) -> AppResult<PrintPage> {
    let (app, draft, today) = (&whole.app, &whole.draft, desk.today());
    let signed_on = app.submitted_at.map_or(today, |at| local(at).date());
    let amount = app.amount_fen.unwrap_or_default();
    let study = whole.read.study.as_ref();
    let fees = study.map(|study| (yuan(study.tuition), yuan(study.lodging))).unwrap_or_default();
    let plan = plan(desk, whole, signed_on)?;
    let sum = |get: fn(&PlanRow) -> Fen| plan.iter().map(get).sum::<Fen>();
    let policy = desk.app.policy();
    Ok(PrintPage {
        id: app.id,
        title: paper.in_words(),
        paper,
        office: desk.me.office.name.clone(),
        office_phone: desk.me.office.phone.clone(),
        today: in_words(today, NaiveDate::MIN),
        by: desk.me.name.clone(),
        name: app.name.clone(),
        id_number: draft.get("id_number").to_owned(),
        summary: whole.summary(),
        product: product_words(app.product()),
        school_year: format!("{}-{}", app.loan_year, app.loan_year + 1),
        is_first: app.is_first,
        is_own: app.product() == statement::Product::Local,
        people: whole.people(),
        money: whole.money(&policy),
        more: vec![
            ("毕业高中", draft.get("high_school").to_owned()),
            ("家庭类型", draft.get("family_kind").to_owned()),
            ("专业", draft.get("major").to_owned()),
            ("学号", draft.get("student_number").to_owned()),
        ],
        statement: draft.get("statement").to_owned(),
        university: draft.get("university").to_owned(),
        contract_no: app.contract_no.clone(),
        receipt_code: app.receipt_code.clone(),
        file_no,
        amount: yuan(amount),
        capital: capital(amount),
        fees,
        signed_on: in_words(signed_on, NaiveDate::MIN),
        deadline: in_words(policy.receipt_deadline(app.loan_year), today),
        total: (sum(|row| row.principal), sum(|row| row.interest)),
        plan,
        cover: cover(whole),
    })
}
