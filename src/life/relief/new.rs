//! The application: the class, what it would pay for each contract, and who applies.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::rules::{Applicant, New};
use super::{facts, steps, store};
use crate::base::choice::Choice;
use crate::base::money::Fen;
use crate::book::loan;
use crate::book::person;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest texts in characters.
const NAME_MAX: usize = 30;
const NOTE_MAX: usize = 120;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewParams {
    class: String,
}

#[derive(Serialize)]
struct ContractView {
    number: String,
    loan_year: i32,
    amount: Fen,
    why_not: String,
}

#[derive(Serialize)]
struct ClassView {
    code: String,
    name: String,
    must: bool,
    whole_debt: bool,
    same_year: bool,
    threshold: Option<Fen>,
    papers: Vec<String>,
}

#[derive(Serialize)]
struct NewPage {
    file_no: String,
    name: String,
    classes: Vec<Choice>,
    /// The one that is looked at.
    class: Option<ClassView>,
    contracts: Vec<ContractView>,
    total: Fen,
    /// One that is under way: its address and words.
    open: Option<(String, String)>,
    applicants: Vec<Choice>,
    key: String,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "relief/new.html";
    const REFUSED_AT: &'static str = "class";

    fn fields(&self) -> Fields {
        let code = self.class.as_ref().map(|class| class.code.as_str());
        Fields::default().with("class", code.unwrap_or_default())
    }
}

async fn new_page(desk: &DeskRequest, file_no: String, params: NewParams) -> AppResult<NewPage> {
    let (basis, policy, today) = (desk.app.basis(), desk.app.policy(), desk.today());
    let key = desk.app.next_id().to_string();
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let name = person::find(db, scope, file.person_id)?.name;
        let known = store::of_file(db, scope, file.id)?;
        let open = known.iter().find(|one| !one.state.is_final());
        let open = open.map(|one| {
            let words = format!("{}，{}", one.class_name, one.state.in_words());
            (format!("{PATH}/{}", one.id), words)
        });
        let all = &policy.relief_classes.on(today).classes;
        let class = all.iter().find(|class| class.code == params.class);
        let mut contracts = Vec::new();
        if let Some(class) = class {
            let others = facts::compensation(db, scope, file.person_id)?;
            let all = facts::contracts(db, scope, &basis, (&file, today))?;
            let requested = facts::payable(all, &others, class, (&basis, today))?;
            contracts.extend(requested.into_iter().map(|one| ContractView {
                number: one.contract.loan.contract_no.clone(),
                loan_year: one.contract.loan.loan_year,
                amount: one.amount,
                why_not: one.why_not,
            }));
        }
        let class = class.map(|class| ClassView {
            code: class.code.clone(),
            name: class.name.clone(),
            must: class.must,
            whole_debt: class.whole_debt,
            same_year: class.same_year,
            threshold: class.threshold,
            papers: class.papers.iter().map(|paper| paper.name.clone()).collect(),
        });
        Ok(NewPage {
            file_no: file.file_no,
            name,
            classes: all.iter().map(|class| Choice::new(&class.code, &class.name)).collect(),
            class,
            total: contracts.iter().map(|one| one.amount).sum(),
            contracts,
            open,
            applicants: std::iter::once(Choice::new("", "请选择"))
                .chain(Choice::all(Applicant::ALL))
                .collect(),
            key,
        })
    })
    .await
}

/// `GET /reliefs/new/{file_no}`
pub async fn show(
    desk: DeskRequest,
    file_no: web::Path<String>,
    params: web::Query<NewParams>,
) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk, file_no.into_inner(), params.into_inner()).await?)
}

/// `POST /reliefs/new/{file_no}`
pub async fn apply(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    let params = NewParams { class: form.0.get("class").to_owned() };
    desk.submit(form, new_page(&desk, no.clone(), params), async |form| {
        form.required("class", "请选是哪一种情形");
        form.required("happened_on", "请填发生日期，例如确诊、受灾的那一天");
        form.required("applicant_name", "请写申请人的姓名");
        let applicant = form.choice("applicant", Applicant::from_text, "请选是谁来申请的");
        let (on, cost) = (form.date("happened_on"), form.money("cost"));
        let (name, note) = (form.text("applicant_name", NAME_MAX), form.text("note", NOTE_MAX));
        let (applicant, happened_on) = form.checked(applicant.zip(on))?;
        let class = form.get("class").to_owned();
        let new = New { class, applicant, applicant_name: name, happened_on, cost, note };
        let key = form.key();
        let id = desk.act("relief applied", move |act| steps::apply(act, &key, &no, &new)).await?;
        Ok(Done::to(format!("{PATH}/{id}"), "已受理，请扫描证明材料，齐了再提交审核"))
    })
    .await
}
