//! One application: where it is, its papers, and the next step.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::list::PATH;
use super::rules::State;
use super::store::{self, Relief};
use super::{facts, money, steps};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, minute};
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::attachment::{self, Attachment};
use crate::book::early_repayment::needed;
use crate::book::file::Contract;
use crate::book::loan;
use crate::book::person;
use crate::book::position::Basis;
use crate::book::publicity::{self, Kind as Published, Outcome, Publication};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::picture::PHOTO_MB;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest texts in characters.
const REASON_MAX: usize = 120;
const PLACE_MAX: usize = 60;
const PHONE_MAX: usize = 20;

#[derive(Serialize)]
struct Paper {
    name: String,
    scans: Vec<Scan>,
}

#[derive(Serialize)]
struct Scan {
    id: RowId,
    added: String,
}

#[derive(Serialize)]
pub(super) struct LineView {
    #[serde(skip)]
    loan: LoanId,
    pub number: String,
    pub loan_year: i32,
    pub requested: Fen,
    paid: Option<Fen>,
    /// The field of the form for the money, while it is to be entered.
    field: Option<String>,
    /// What the contract takes today.
    owed: Option<Fen>,
}

#[derive(Serialize)]
struct ObjectionView {
    id: RowId,
    made_on: String,
    by: String,
    content: String,
    outcome: &'static str,
    is_open: bool,
    reason: String,
}

/// A publication as it hangs or hung.
#[derive(Serialize)]
struct Hanging {
    state: &'static str,
    opened_on: String,
    closes_on: String,
    working_days: i32,
    place: String,
    can_end: bool,
}

#[derive(Serialize)]
pub(super) struct OnePage {
    pub id: RowId,
    #[serde(skip)]
    pub file: FileId,
    version: i32,
    pub name: String,
    pub file_no: String,
    pub university: String,
    pub class: String,
    pub must: bool,
    pub whole_debt: bool,
    pub state: State,
    state_words: &'static str,
    pub applicant: &'static str,
    pub applicant_name: String,
    pub happened_on: String,
    pub cost: Option<Fen>,
    pub note: String,
    pub applied_on: String,
    /// What was done, with its day.
    steps: Vec<(&'static str, String)>,
    document: String,
    reason: String,
    handled: String,
    pub lines: Vec<LineView>,
    pub total: Fen,
    pub papers: Vec<String>,
    scans: Vec<Paper>,
    paper_choices: Vec<Choice>,
    missing: Vec<String>,
    takes_papers: bool,
    most_mb: usize,
    can_withdraw: bool,
    hanging: Vec<Hanging>,
    objections: Vec<ObjectionView>,
    /// The first day on which a publication of today can end.
    until: String,
    phone: String,
    today: String,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "relief/one.html";
    const REFUSED_AT: &'static str = "step";

    fn fields(&self) -> Fields {
        let mut fields = Fields::default()
            .with("on", &self.today)
            .with("until", &self.until)
            .with("phone", &self.phone);
        for line in &self.lines {
            fields = fields.with(&money::field(line.loan), line.requested.to_yuan_text());
        }
        fields
    }
}

pub(super) fn to(id: RowId) -> String {
    format!("{PATH}/{id}")
}

fn step_days(row: &Relief, today: NaiveDate) -> Vec<(&'static str, String)> {
    let days = [
        ("受理", Some(row.applied_on)),
        ("报市级", row.city_on),
        ("市级同意", row.province_on),
        ("省级同意", row.granted_on),
        ("拨款", row.paid_on.filter(|_| row.state == State::Paid)),
    ];
    let days = days.into_iter().filter_map(|(what, on)| Some((what, on?)));
    days.map(|(what, on)| (what, in_words(on, today))).collect()
}

fn scans(class: &[crate::book::policy::ReliefPaper], all: &[Attachment]) -> Vec<Paper> {
    let of = |key: &str| {
        let own = all.iter().filter(|one| one.removed_at.is_none() && one.paper == key);
        own.map(|one| Scan { id: one.id, added: minute(one.added_at) }).collect()
    };
    class.iter().map(|paper| Paper { name: paper.name.clone(), scans: of(&paper.key) }).collect()
}

/// The contracts, each with its field while its money is to be entered.
fn lines(
    db: &mut Db,
    scope: &Scope,
    basis: &Basis,
    (row, contracts, today): (&Relief, &[Contract], NaiveDate),
) -> AppResult<Vec<LineView>> {
    let mut lines = Vec::new();
    for line in store::lines(db, scope, row.id)? {
        let contract = contracts.iter().find(|one| one.loan.id == line.loan_id);
        let contract = contract.ok_or(AppError::NotFound)?;
        let enters = row.state == State::Granted && line.posting_id.is_none();
        let owed = match enters && contract.statement.position.settled_on.is_none() {
            true => Some(needed(contract, basis, (today, None))?.total),
            false => None,
        };
        lines.push(LineView {
            loan: line.loan_id,
            number: contract.loan.contract_no.clone(),
            loan_year: contract.loan.loan_year,
            requested: line.asked_fen,
            paid: line.paid_fen,
            field: enters.then(|| money::field(line.loan_id)),
            owed,
        });
    }
    Ok(lines)
}

fn objections(
    db: &mut Db,
    scope: &Scope,
    sealer: &Sealer,
    (hung, today): (&[Publication], NaiveDate),
) -> AppResult<Vec<ObjectionView>> {
    let ids: Vec<RowId> = hung.iter().map(|one| one.id).collect();
    let mut views = Vec::new();
    for one in publicity::objections(db, scope, &ids)? {
        views.push(ObjectionView {
            id: one.id,
            made_on: in_words(one.made_on, today),
            content: publicity::content(sealer, &one)?,
            by: one.received_by,
            outcome: one.outcome.in_words(),
            is_open: one.outcome == Outcome::Open,
            reason: one.reason,
        });
    }
    Ok(views)
}

pub(super) async fn page(desk: &DeskRequest, id: RowId) -> AppResult<OnePage> {
    let (basis, policy, today) = (desk.app.basis(), desk.app.policy(), desk.today());
    let sealer = std::sync::Arc::clone(&desk.app.sealer);
    let phone = desk.me.office.phone.clone();
    desk.read(move |db, scope| {
        let row = store::find(db, scope, id)?;
        let file = loan::file(db, scope, row.file_id)?;
        let name = person::find(db, scope, file.person_id)?.name;
        let class = facts::class(&policy, &row.class, row.applied_on)?;
        let contracts = facts::contracts(db, scope, &basis, (&file, today))?;
        let lines = lines(db, scope, &basis, (&row, &contracts, today))?;
        let all = attachment::of(db, scope, facts::subject(id))?;
        let has = |key: &str| all.iter().any(|one| one.removed_at.is_none() && one.paper == key);
        let missing = super::rules::missing(&class, has);
        let hung = publicity::of(db, scope, Published::Relief, &[id])?;
        let objections = objections(db, scope, &sealer, (&hung, today))?;
        let day = |on: NaiveDate| in_words(on, today);
        let hanging = hung.iter().map(|one| Hanging {
            state: one.state.in_words(),
            opened_on: day(one.opened_on),
            closes_on: day(one.closes_on),
            working_days: one.working_days,
            place: one.place.clone(),
            can_end: one.can_end(today).is_ok(),
        });
        let decided = match row.decided_by.is_empty() {
            true => String::new(),
            false => format!("，{}复核", row.decided_by),
        };
        let needs = policy.publicity_days.on(today).working_days;
        let first = Choice::new("", "请选择");
        let choices = class.papers.iter().map(|one| Choice::new(&one.key, &one.name));
        Ok(OnePage {
            id,
            file: file.id,
            version: row.version,
            name,
            file_no: file.file_no,
            university: file.university,
            class: row.class_name.clone(),
            must: class.must,
            whole_debt: class.whole_debt,
            state: row.state,
            state_words: row.state.in_words(),
            applicant: row.applicant.in_words(),
            applicant_name: row.applicant_name.clone(),
            happened_on: row.happened_on.to_string(),
            cost: row.cost_fen,
            note: row.note.clone(),
            applied_on: day(row.applied_on),
            steps: step_days(&row, today),
            document: row.document.clone(),
            reason: row.reason.clone(),
            handled: format!("{}经办，{}{decided}", row.staff_name, minute(row.updated_at)),
            total: lines.iter().map(|line| line.requested).sum(),
            lines,
            papers: class.papers.iter().map(|paper| paper.name.clone()).collect(),
            scans: scans(&class.papers, &all),
            paper_choices: std::iter::once(first).chain(choices).collect(),
            missing,
            takes_papers: row.state.takes_papers(),
            most_mb: PHOTO_MB,
            can_withdraw: row.state.can_withdraw(),
            hanging: hanging.collect(),
            objections,
            until: policy.calendar().add_working_days(today, needs).to_string(),
            phone,
            today: today.to_string(),
        })
    })
    .await
}

/// `GET /reliefs/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

/// `POST /reliefs/{id}`: the next step, by the name of its button.
pub async fn step(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let words = match form.get("step") {
            "submit" => {
                desk.act("relief submitted", move |act| steps::submit(act, seen)).await?;
                "已提交，由别人审核"
            }
            "publish" => publish(&desk, form, seen).await?,
            "object" => {
                form.required("said", "请写谁提出的、说了什么");
                let content = form.text("said", 400);
                form.check()?;
                desk.act("relief objection", move |act| steps::object(act, seen, &content)).await?;
                "已登记异议，公示暂停"
            }
            "answer" => answer(&desk, form, seen).await?,
            "end" => {
                desk.act("relief publication ended", move |act| steps::end(act, seen)).await?;
                "公示已撤下，可以报市级"
            }
            "upward" => {
                form.required("on", "请填日期");
                let (on, document) = (form.date("on"), form.text("document", 40));
                let on = form.checked(on)?;
                desk.act("relief sent upward", move |act| {
                    steps::upward(act, seen, (on, &document))
                })
                .await?;
                "已登记"
            }
            "refuse" => {
                form.required("reason", "请写一句不同意的原因");
                let reason = form.text("reason", REASON_MAX);
                form.check()?;
                desk.act("relief refused", move |act| steps::refuse(act, seen, &reason)).await?;
                "已登记不同意"
            }
            "pay" => pay(&desk, form, seen).await?,
            "withdraw" => {
                form.required("why", "请写一句为什么撤回");
                let why = form.text("why", REASON_MAX);
                form.check()?;
                desk.act("relief withdrawn", move |act| steps::withdraw(act, seen, &why)).await?;
                "已撤回"
            }
            _ => return Err(AppError::Changed),
        };
        Ok(Done::to(to(id), words))
    })
    .await
}

async fn publish(
    desk: &DeskRequest,
    form: &mut Fields,
    seen: Seen<RowId>,
) -> AppResult<&'static str> {
    form.required("until", "请填公示到哪一天");
    form.required("place", "请写公示贴在哪里");
    form.required("phone", "请写监督电话");
    let (until, place) = (form.date("until"), form.text("place", PLACE_MAX));
    let phone = form.text("phone", PHONE_MAX);
    let until = form.checked(until)?;
    desk.act("relief published", move |act| steps::publish(act, seen, (until, &place, &phone)))
        .await?;
    Ok("已登记公示，公示里只有姓名和学校，没有原因")
}

async fn answer(
    desk: &DeskRequest,
    form: &mut Fields,
    seen: Seen<RowId>,
) -> AppResult<&'static str> {
    let objection = form.id::<RowId>("objection").ok_or(AppError::Changed)?;
    let or = "请选异议成立还是不成立";
    let outcome = form.choice("outcome", Outcome::from_text, or);
    form.required("answer", "请写核查的结果和理由");
    let reason = form.text("answer", REASON_MAX);
    let outcome = form.checked(outcome)?;
    desk.act("relief objection answered", move |act| {
        steps::answer(act, seen, (objection, outcome, &reason))
    })
    .await?;
    Ok("已登记核查结果")
}

async fn pay(desk: &DeskRequest, form: &mut Fields, seen: Seen<RowId>) -> AppResult<&'static str> {
    form.required("on", "请填拨款日期");
    let on = form.date("on");
    let id = seen.id;
    let lines = desk.read(move |db, scope| store::lines(db, scope, id)).await?;
    let mut amounts = Vec::new();
    for line in lines.iter().filter(|line| line.posting_id.is_none()) {
        let field = money::field(line.loan_id);
        form.required(&field, "请填这份合同拨了多少");
        amounts.extend(form.money(&field).map(|fen| (line.loan_id, fen)));
    }
    let on = form.checked(on)?;
    desk.act("relief paid", move |act| money::pay(act, seen, (on, &amounts))).await?;
    Ok("已提交，别人复核同意以后记到合同上")
}
