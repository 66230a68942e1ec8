//! Papers of an application on A4: the form that both sign, a summary of the contract, its plan,
//! the certificate in two halves, the cover for the archive. Full numbers stand on paper only;
//! who printed what is written down, and each print has its number.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::contract;
use super::facts::Whole;
use super::form::Party;
use super::kinds::State;
use super::own_contract;
use super::rules::product_words;
use super::view::{Line, yuan};
use super::web::load;
use crate::base::capital::capital;
use crate::base::dates::{day_in, in_words, local};
use crate::base::ids::{EventId, FileId, RowId, text_enum};
use crate::base::money::Fen;
use crate::book::act::Act;
use crate::book::archive;
use crate::book::audit_log::AuditEntry;
use crate::book::statement::{self, Event, EventKind, RowKind};
use crate::book::{audit_log, loan, print_number};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;

/// So much of a file's history is searched for the first print.
const HISTORY_MAX: i64 = 500;

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

/// Who is bound by the county's own contract: whole numbers, on paper only.
#[derive(Default, Serialize)]
struct Bound {
    role: &'static str,
    name: String,
    id_number: String,
    address: String,
    phone: String,
}

#[derive(Serialize)]
struct PrintPage {
    id: RowId,
    print_no: String,
    /// Of the county's own contract, which is printed in two copies.
    terms: Vec<String>,
    bound: Vec<Bound>,
    /// Printed before under this number.
    is_again: bool,
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

/// What the form has besides people and money, in the bank's order (rules-more.md 3.2).
const FORM: [(&str, &str); 14] = [
    ("户籍所在地", "household"),
    ("邮编", "postcode"),
    ("毕业高中", "high_school"),
    ("家庭类型", "family_kind"),
    ("家庭电话", "home_phone"),
    ("共同借款人户籍", "co_household"),
    ("共同借款人邮编", "co_postcode"),
    ("共同借款人单位", "co_employer"),
    ("共同借款人职务", "co_post"),
    ("院系", "department"),
    ("专业", "major"),
    ("学号", "student_number"),
    ("贷款原因", "loan_reason"),
    ("放款账号", "account"),
];

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
    let mut page = page(&desk, &whole, paper, file_no)?;
    let is_own_contract = page.is_own && paper == Paper::Contract;
    if is_own_contract {
        page.title = "借款合同";
        page.bound = bound(&whole, &page);
    }
    let terms = if is_own_contract { terms(&desk, &whole, &page).await? } else { Vec::new() };
    let (name, file_id) = (whole.app.name.clone(), whole.app.file_id);
    let what = format!("{}：{} {}", paper.in_words(), whole.summary(), whole.app.contract_no);
    let what = what.trim_end().to_owned();
    let (print_no, is_again) = desk
        .act("application printed", move |act| {
            if let Some(no) = printed_as(act, file_id, &what)? {
                let entry = AuditEntry::of("printed", &name, format!("{no} 补打{what}"));
                act.audit(AuditEntry { file_id, ..entry })?;
                return Ok((no, true));
            }
            let entry = AuditEntry::of("printed", &name, format!("打印{what}"));
            Ok((print_number::note(act, AuditEntry { file_id, ..entry })?, false))
        })
        .await?;
    desk.page("application/print.html", PrintPage { print_no, is_again, terms, ..page })
}

/// The number under which a file's paper was printed first; none for a paper of no file yet.
fn printed_as(act: &mut Act<'_>, file: Option<FileId>, what: &str) -> AppResult<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let first = format!(" 打印{what}");
    let all = audit_log::of_file(act.db, act.scope, file, HISTORY_MAX)?;
    let mut all = all.iter().filter(|one| one.action == "printed");
    Ok(all.find_map(|one| one.summary.strip_suffix(&first).map(str::to_owned)))
}

/// The three parties as the contract names them.
fn bound(whole: &Whole, page: &PrintPage) -> Vec<Bound> {
    let (Some(student), Some(co)) = (&whole.read.student, &whole.read.co) else {
        return Vec::new();
    };
    let of = |role, party: &Party| Bound {
        role,
        name: party.name.clone(),
        id_number: party.id.as_str().to_owned(),
        address: match party.address.is_empty() {
            true => student.address.clone(),
            false => party.address.clone(),
        },
        phone: party.phone.as_str().to_owned(),
    };
    let office = Bound {
        role: "甲方（资助中心）",
        name: page.office.clone(),
        phone: page.office_phone.clone(),
        ..Bound::default()
    };
    vec![office, of("乙方（借款学生）", student), of("丙方（共同借款人）", &co.party)]
}

/// The county's own terms of the day on which the contract was signed, filled in.
async fn terms(desk: &DeskRequest, whole: &Whole, page: &PrintPage) -> AppResult<Vec<String>> {
    let (Some(co), Some(study)) = (&whole.read.co, &whole.read.study) else {
        return Ok(Vec::new());
    };
    let signed_on = whole.app.submitted_at.map_or(desk.today(), |at| local(at).date());
    let key = (whole.app.product(), whole.app.contract_no.as_str());
    let policy = desk.app.policy();
    let (of, years) = contract::terms(&policy, key, study, (whole.app.loan_year, signed_on));
    let values = [
        page.office.clone(),
        page.name.clone(),
        co.party.name.clone(),
        co.relation.in_words().to_owned(),
        page.university.clone(),
        page.school_year.clone(),
        page.amount.clone(),
        page.capital.clone(),
        years.to_string(),
        in_words(of.final_due_on, NaiveDate::MIN),
    ];
    let named = own_contract::FIELDS.iter().map(|(name, _)| *name).zip(values);
    let named: Vec<(&str, String)> = named.collect();
    desk.read(move |db, scope| own_contract::terms(db, scope, (signed_on, &named))).await
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
        print_no: String::new(),
        terms: Vec::new(),
        bound: Vec::new(),
        is_again: false,
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
        more: FORM
            .iter()
            .map(|(label, name)| (*label, draft.get(name).to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect(),
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
