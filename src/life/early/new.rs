//! `/early-repayments/new/{file_no}`: what an early repayment takes and saves; and the request.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::rules::{self, Requester, Source};
use super::steps::{self, Request};
use super::store;
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::LoanId;
use crate::base::money::Fen;
use crate::book::early_repayment::{self, Figures};
use crate::book::file::{self, Contract};
use crate::book::pending::{self, Pending};
use crate::book::policy::Policy;
use crate::book::position::Basis;
use crate::book::{loan, payments_known, person};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// What is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewParams {
    contract: String,
    /// Part of the principal in yuan; empty: all of it.
    amount: String,
}

/// A request that is open already.
#[derive(Debug, Serialize)]
struct OpenOne {
    link: String,
    words: String,
}

#[derive(Serialize)]
struct NewPage {
    file_no: String,
    name: String,
    contracts: Vec<Choice>,
    /// Why each of the others cannot be repaid early.
    others: Vec<String>,
    contract: String,
    amount: String,
    minimum: String,
    step: String,
    figures: Option<View>,
    /// Why it cannot be computed.
    problem: Option<String>,
    open: Vec<OpenOne>,
    pending: Option<Pending>,
    requesters: Vec<Choice>,
    key: String,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "early/new.html";
    const REFUSED_AT: &'static str = "contract";

    fn fields(&self) -> Fields {
        Fields::default().with("contract", &self.contract).with("amount", &self.amount)
    }
}

/// Figures in the words of a page.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    #[serde(flatten)]
    pub figures: Figures,
    pub on: String,
    pub next: String,
}

impl View {
    pub fn of(figures: Figures, today: chrono::NaiveDate) -> View {
        let next = figures.next_on.map(|on| in_words(on, today)).unwrap_or_default();
        View { on: in_words(figures.settles_on, today), next, figures }
    }
}

fn short(amount: Fen) -> String {
    amount.to_page_text().trim_end_matches(".00").to_owned()
}

/// None is chosen for anybody.
pub(super) fn unchosen(of: Vec<Choice>) -> Vec<Choice> {
    std::iter::once(Choice::new("", "请选择")).chain(of).collect()
}

fn choice(of: &Contract) -> Choice {
    let (year, left) = (of.loan.loan_year, of.statement.position.principal_outstanding);
    let left = left.to_page_text();
    Choice::new(of.loan.id, format!("{year}-{} 学年，还有本金 ¥{left}", year + 1))
}

/// What the chosen contract needs, or why not.
fn figures_of(
    params: &NewParams,
    open: &[&Contract],
    (basis, policy): (&Basis, &Policy),
    today: chrono::NaiveDate,
) -> AppResult<Option<Figures>> {
    if params.contract.is_empty() {
        return Ok(None);
    }
    let chosen = open.iter().find(|one| one.loan.id.to_string() == params.contract);
    let Some(chosen) = chosen else {
        return Err(AppError::refused("请选一份还没还清的合同"));
    };
    let Some(settles_on) = policy.prepay_window(today) else {
        return Err(AppError::refused("今天不受理提前还款"));
    };
    let part =
        match params.amount.trim() {
            "" => None,
            text => Some(text.parse::<Fen>().map_err(|_| {
                AppError::refused("金额看不懂，请只写数字，例如 5000；全部还清就空着")
            })?),
        };
    if let Some(part) = part {
        let whole = early_repayment::needed(chosen, basis, (settles_on, None))?;
        if let Some(wrong) = rules::check_part(part, policy.prepay_step.on(today), &whole) {
            return Err(AppError::refused(wrong.message));
        }
    }
    early_repayment::figures(&[chosen], (basis, policy), (today, settles_on), part).map(Some)
}

async fn new_page(desk: &DeskRequest, file_no: String, params: NewParams) -> AppResult<NewPage> {
    let (basis, policy, today) = (desk.app.basis(), desk.app.policy(), desk.today());
    let key = desk.app.next_id().to_string();
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let name = person::find(db, scope, file.person_id)?.name;
        let known = payments_known::load(db, scope)?;
        let loans = loan::chain(db, scope, file.id)?;
        let all = file::contracts(db, scope, &basis, (&known, loans), today)?;
        let (open, closed): (Vec<&Contract>, Vec<&Contract>) =
            all.iter().partition(|one| rules::refusal(one, today).is_none());
        let (figures, problem) = match figures_of(&params, &open, (&basis, &policy), today) {
            Ok(figures) => (figures, None),
            Err(AppError::Refused(why)) => (None, Some(why)),
            Err(other) => return Err(other),
        };
        let rows = store::open_of_file(db, scope, file.id)?;
        let number = |id: LoanId| all.iter().find(|one| one.loan.id == id);
        let words = |row: &store::EarlyRepayment| {
            let number = number(row.loan_id).map(|one| one.loan.contract_no.as_str());
            steps::summary(row, number.unwrap_or_default(), today)
        };
        let open_one = |row: &store::EarlyRepayment| OpenOne {
            link: format!("{PATH}/{}", row.id),
            words: words(row),
        };
        let step = policy.prepay_step.on(today);
        Ok(NewPage {
            name,
            contracts: open.iter().map(|one| choice(one)).collect(),
            others: closed.iter().filter_map(|one| rules::refusal(one, today)).collect(),
            contract: params.contract,
            amount: params.amount.trim().to_owned(),
            minimum: short(step.minimum),
            step: short(step.step),
            figures: figures.map(|figures| View::of(figures, today)),
            problem,
            open: rows.iter().map(open_one).collect(),
            pending: pending::study_change_of(db, scope, file.id)?,
            requesters: unchosen(Choice::all(Requester::ALL)),
            key,
            file_no: file.file_no,
        })
    })
    .await
}

/// `GET /early-repayments/new/{file_no}`
pub async fn show(
    desk: DeskRequest,
    file_no: web::Path<String>,
    params: web::Query<NewParams>,
) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk, file_no.into_inner(), params.into_inner()).await?)
}

/// `POST /early-repayments/new/{file_no}`
pub async fn request(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    let field = |name: &str| form.0.get(name).to_owned();
    let params = NewParams { contract: field("contract"), amount: field("amount") };
    desk.submit(form, new_page(&desk, no.clone(), params), async |form| {
        let (loan, part) = (form.id::<LoanId>("contract"), form.money("amount"));
        if loan.is_none() {
            form.reject("contract", "请选一份还没还清的合同");
        }
        let who = "请选是谁来申请的：借款学生或共同借款人";
        let requester = form.choice("requester", Requester::from_text, who);
        let (requester, key) = (form.checked(requester)?, form.key());
        let of = Request { loan, part, requester, source: Source::Desk };
        let made = desk
            .act("early repayment requested", move |act| {
                let file = loan::file_by_no(act.db, act.scope, &no)?;
                steps::request(act, &key, file.id, of)
            })
            .await?;
        let to = made.last().map_or_else(|| PATH.to_owned(), |id| format!("{PATH}/{id}"));
        Ok(Done::to(to, "已登记，请打印通知单交给家里"))
    })
    .await
}
