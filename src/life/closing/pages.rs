//! `/closings/{file_no}`: the contracts of a file on their way to a certificate, the papers that
//! were issued, and what can be done with them.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::facts::{self, Late};
use super::list::PATH;
use super::rules::{Cause, Contract, Kind, Standing, State};
use super::steps::{self, Paper};
use super::store::{self, Certificate};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, minute};
use crate::base::ids::{LoanId, RowId};
use crate::base::money::Fen;
use crate::book::{loan, person};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest reason in characters.
const REASON_MAX: usize = 120;

#[derive(Serialize)]
struct ContractView {
    id: LoanId,
    number: String,
    school_year: String,
    disbursed: Fen,
    settled: String,
    standing: String,
    is_ready: bool,
    is_blocked: bool,
    /// The number of a valid certificate of this contract alone.
    own: String,
}

#[derive(Serialize)]
struct PaperView {
    id: RowId,
    version: i32,
    kind: &'static str,
    number: String,
    about: String,
    is_valid: bool,
    state: &'static str,
    issued: String,
    copies: i32,
    reason: String,
    voided: String,
    /// A contract whose account has changed since.
    changed: String,
}

/// The page of a file.
#[derive(Serialize)]
struct FilePage {
    file_no: String,
    name: String,
    contracts: Vec<ContractView>,
    papers: Vec<PaperView>,
    /// All of them may be certified together, and no valid paper does so yet.
    all_ready: bool,
    /// Why not, where all are settled or nearly.
    why_not_all: String,
    /// Due days that were paid late, when a letter about them may be issued.
    late: Vec<Late>,
    causes: Vec<Choice>,
    key: String,
}

impl FormPage for FilePage {
    const TEMPLATE: &'static str = "closing/file.html";
    const REFUSED_AT: &'static str = "paper";
}

async fn file_page(desk: &DeskRequest, file_no: String) -> AppResult<FilePage> {
    let (basis, policy, today) = (desk.app.basis(), desk.app.policy(), desk.today());
    let key = desk.app.next_id().to_string();
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let name = person::find(db, scope, file.person_id)?.name;
        let contracts = facts::contracts(db, scope, file.id)?;
        let papers = store::of_file(db, scope, file.id)?;
        let why_not = contracts.iter().find_map(|one| one.refusal(today));
        let has = |kind: Kind| {
            let mut of = papers.iter().filter(|one| one.kind == kind && one.loan_id.is_none());
            of.any(|one| one.state == State::Valid)
        };
        let may = why_not.is_none() && !contracts.is_empty();
        let late = match may && !has(Kind::Letter) {
            true => facts::late(db, scope, (&basis, &policy), file.id, today)?,
            false => Vec::new(),
        };
        Ok(FilePage {
            name,
            all_ready: may && !has(Kind::Settled),
            why_not_all: why_not.unwrap_or_default(),
            late,
            causes: std::iter::once(Choice::new("", "请选择"))
                .chain(Choice::all(Cause::ALL))
                .collect(),
            papers: papers
                .iter()
                .map(|one| {
                    let lines = store::lines(db, scope, one.id)?;
                    let changed = facts::changed(&lines, &contracts).unwrap_or_default();
                    Ok(paper(one, (&contracts, changed), today))
                })
                .collect::<AppResult<_>>()?,
            contracts: contracts.iter().map(|one| contract(one, &papers, today)).collect(),
            key,
            file_no: file.file_no,
        })
    })
    .await
}

fn contract(of: &Contract, papers: &[Certificate], today: NaiveDate) -> ContractView {
    let standing = of.standing(today);
    let words = match &standing {
        Standing::Owes if !of.is_paid_out => "还没有放款".to_owned(),
        Standing::Owes => "还没有结清".to_owned(),
        Standing::Blocked(words) => words.clone(),
        Standing::Soon(first) => format!("{}起可以开", in_words(*first, today)),
        Standing::Ready => "可以开".to_owned(),
    };
    let own = papers.iter().find(|one| one.loan_id == Some(of.id) && one.state == State::Valid);
    ContractView {
        id: of.id,
        number: of.number.clone(),
        school_year: format!("{}-{}", of.loan_year, of.loan_year + 1),
        disbursed: of.disbursed,
        settled: of.settled_on.map(|on| in_words(on, today)).unwrap_or_default(),
        standing: words,
        is_ready: standing == Standing::Ready,
        is_blocked: matches!(standing, Standing::Blocked(_)),
        own: own.map(|one| one.number.clone()).unwrap_or_default(),
    }
}

fn paper(
    of: &Certificate,
    (contracts, changed): (&[Contract], &str),
    today: NaiveDate,
) -> PaperView {
    let one = contracts.iter().find(|one| Some(one.id) == of.loan_id);
    PaperView {
        id: of.id,
        version: of.version,
        kind: of.kind.in_words(),
        number: of.number.clone(),
        about: one.map_or_else(|| "全部合同".to_owned(), |one| format!("合同 {}", one.number)),
        is_valid: of.state == State::Valid,
        state: of.state.in_words(),
        issued: format!("{}，{}", in_words(of.issued_on, today), of.issued_by),
        copies: of.copies,
        reason: of.reason.clone(),
        voided: of
            .voided_at
            .map(|at| format!("{}，{}", of.voided_by, minute(at)))
            .unwrap_or_default(),
        changed: changed.to_owned(),
    }
}

/// `GET /closings/{file_no}`
pub async fn show(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    desk.show(&file_page(&desk, file_no.into_inner()).await?)
}

/// `all`, `letter`, or the identity of a contract.
fn asked_paper(form: &mut Fields) -> AppResult<Paper> {
    match form.get("paper") {
        "all" => Ok(Paper::All),
        "letter" => {
            let cause = form.choice("cause", Cause::from_text, "请选当时逾期的原因，问本人");
            Ok(Paper::Letter(form.checked(cause)?))
        }
        _ => form.id("paper").map(Paper::One).ok_or(AppError::Changed),
    }
}

/// `POST /closings/{file_no}`: a paper is issued, issued again or void.
pub async fn step(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    desk.submit(form, file_page(&desk, no.clone()), async |form| {
        let at = format!("{PATH}/{no}");
        if form.get("step") == "issue" {
            let (paper, key) = (asked_paper(form)?, form.key());
            let id = desk
                .act("certificate issued", move |act| steps::issue(act, &key, &no, paper))
                .await?;
            return Ok(Done::to(format!("/certificates/{id}/print"), "已开，请打印盖章"));
        }
        let (is_reissue, seen) =
            (form.get("step") == "reissue", form.seen::<RowId>("certificate")?);
        let or = if is_reissue {
            "请写为什么补发，例如：原件遗失"
        } else {
            "请写为什么作废"
        };
        form.required("reason", or);
        let reason = form.text("reason", REASON_MAX);
        form.check()?;
        if is_reissue {
            desk.act("certificate reissued", move |act| steps::reissue(act, seen, (&no, &reason)))
                .await?;
            let to = format!("/certificates/{}/print", seen.id);
            return Ok(Done::to(to, "已记下补发，请打印盖章"));
        }
        desk.act("certificate voided", move |act| steps::void(act, seen, (&no, &reason))).await?;
        Ok(Done::to(at, "已作废，编号保留，公众核对时显示已作废"))
    })
    .await
}
