//! `/m/renewal` 远程续贷: who has a contract of before begins this year's renewal at home, and comes
//! to the counter only to sign. What is begun here is a draft of the counter, no application yet.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::{FileId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::audit_log::Actor;
use crate::book::loan;
use crate::error::{AppError, AppResult, FieldError};
use crate::life::application::facts::Desk;
use crate::life::application::family::{self, Offer, Wish};
use crate::life::application::kinds::{Degree, Present, Relation, State};
use crate::life::application::rules::product_words;
use crate::life::application::store::{self, Application, Draft};
use crate::life::study;
use crate::plumbing::db::Db;
use crate::web::fields::{Fields, Seen};
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

const PATH: &str = "/m/renewal";
/// Longest statement in characters, as at the counter.
const STATEMENT_MAX: usize = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

/// The renewal of this year that there is.
#[derive(Debug, Serialize)]
struct Own {
    id: RowId,
    version: i32,
    state: &'static str,
    amount: Option<Fen>,
    can_withdraw: bool,
    /// Who signs, fees and statement.
    draft_form: Vec<(&'static str, String)>,
}

/// What `m/renewal.html` shows.
#[derive(Debug, Serialize)]
struct RenewalPage {
    year: i32,
    product: &'static str,
    own: Option<Own>,
    refusal: Option<String>,
    window: (String, String),
    study: Vec<(&'static str, String)>,
    cap: String,
    characters: usize,
    presents: Vec<Choice>,
    form: Value,
    problems: Vec<FieldError>,
    /// Names of the fields with a problem.
    wrong: Vec<String>,
    done: Option<&'static str>,
    key: String,
}

/// Why a change of study comes first; none where there is none.
fn change_first(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<String>> {
    let open = study::store::open_of(db, scope, file)?;
    let words = "您有一件就学信息变更还没有办完，办完以后再续贷。要问进度请打中心的电话";
    Ok(open.map(|_| words.to_owned()))
}

/// The offer of a file and the renewal that it has; not found for who signed an older contract.
async fn load(
    app: &App,
    me: &BorrowerIn,
    account: &Account,
) -> AppResult<(Offer, Option<Application>)> {
    if !account.party.whole {
        return Err(AppError::NotFound);
    }
    let (scope, file, today) = (me.scope.clone(), account.party.id, account.today);
    let (policy, sealer) = (app.policy(), std::sync::Arc::clone(&app.sealer));
    app.read(move |db| {
        let desk = Desk { sealer: &sealer, policy: &policy, today };
        let mut offer = family::offer(db, &scope, file, desk)?;
        if offer.refusal.is_none() {
            offer.refusal = change_first(db, &scope, file)?;
        }
        let own = store::of_file(db, &scope, (file, offer.year))?;
        Ok((offer, own))
    })
    .await
}

fn study_lines(offer: &Offer) -> Vec<(&'static str, String)> {
    let draft = &offer.draft;
    let degree = Degree::from_text(draft.get("degree")).map_or("", Degree::in_words);
    let entered: Option<i32> = draft.get("entered").parse().ok();
    let grade = entered.map(|entered| format!("{} 年级", offer.year - entered + 1));
    let lines = [
        ("学校", draft.get("university").to_owned()),
        ("专业", draft.get("major").to_owned()),
        ("学历层次", degree.to_owned()),
        ("开学读", grade.unwrap_or_default()),
        ("毕业年份", draft.get("graduates").to_owned()),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

async fn page(app: &App, me: &BorrowerIn, account: &Account) -> AppResult<RenewalPage> {
    let (offer, own) = load(app, me, account).await?;
    let today = account.today;
    let before = own.as_ref().map(|row| family::draft_form(row, &app.sealer)).transpose()?;
    let is_back = own.as_ref().is_some_and(|row| row.state == State::Withdrawn);
    let own = own.filter(|one| !one.state.is_over() || one.state == State::Refused);
    let scope = me.scope.clone();
    let file = account.party.id;
    let co = app
        .read(move |db| {
            let co = loan::file(db, &scope, file)?.co_person_id;
            co.map(|id| crate::book::person::find(db, &scope, id)).transpose()
        })
        .await?;
    let present = |one: Present, name: &str| Choice::new(one.as_text(), name);
    let student = format!("{}（学生）", account.party.student);
    let mut presents = vec![present(Present::Student, &student)];
    let relation = Relation::from_text(offer.draft.get("relation"));
    let relation = relation.map_or("共同借款人", Relation::in_words);
    presents.extend(co.map(|one| {
        let name = format!("{}（{relation}）", one.name);
        present(Present::CoBorrower, &name)
    }));
    let mut prefilled = ["tuition", "lodging"]
        .into_iter()
        .fold(Fields::default(), |form, name| form.with(name, offer.draft.get(name)));
    if let Some(before) = before.as_ref().filter(|_| is_back) {
        prefilled = ["tuition", "lodging", "amount", "present", "statement"]
            .into_iter()
            .fold(Fields::default(), |form, name| form.with(name, before.get(name)));
    }
    let draft_form = before.map(|draft| draft_form(&draft)).unwrap_or_default();
    Ok(RenewalPage {
        year: offer.year,
        product: product_words(offer.product),
        own: own.map(|row| Own {
            id: row.id,
            version: row.version,
            state: family::in_words(&row),
            amount: row.amount_fen,
            draft_form: draft_form.clone(),
            can_withdraw: row.is_family_only() && row.state == State::Draft,
        }),
        window: (in_words(offer.window.0, today), in_words(offer.window.1, today)),
        study: study_lines(&offer),
        cap: format!("¥{}", offer.cap.to_page_text().trim_end_matches(".00")),
        characters: offer.statement_characters,
        refusal: offer.refusal,
        presents,
        form: prefilled.to_value(),
        problems: Vec::new(),
        wrong: Vec::new(),
        done: None,
        key: app.next_id().to_string(),
    })
}

/// What a renewal that was begun says, line by line.
fn draft_form(draft: &Draft) -> Vec<(&'static str, String)> {
    let present = Present::from_text(draft.get("present")).map_or("", Present::in_words);
    let lines = [
        ("谁来签字", present.to_owned()),
        ("学费（元/年）", draft.get("tuition").to_owned()),
        ("住宿费（元/年）", draft.get("lodging").to_owned()),
        ("续贷声明", draft.get("statement").to_owned()),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// What the first page says of it; none for who studies no more.
pub async fn note(app: &App, me: &BorrowerIn, account: &Account) -> AppResult<Option<String>> {
    let studies = account.contracts.iter().any(|one| one.loan.subsidy_ends_on >= account.today);
    if !studies || !account.party.whole {
        return Ok(None);
    }
    let (offer, own) = load(app, me, account).await?;
    Ok(match own.filter(|one| !one.state.is_over()) {
        Some(row) => Some(family::in_words(&row).to_owned()),
        None if offer.refusal.is_none() => {
            Some(format!("先在手机上填好，{}前来签字", in_words(offer.window.1, account.today)))
        }
        None => None,
    })
}

/// `GET /m/renewal`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let done = match params.done.as_str() {
        "begun" => Some("已经填好。签字以前还不算申请，请带好材料到中心来一个人签字。"),
        "withdrawn" => Some("已撤回，可以重新填。"),
        _ => None,
    };
    let page = RenewalPage { done, ..page(&app, &me, &account).await? };
    phone::page(&app, &me, &req, "m/renewal.html", &page)
}

/// `POST /m/renewal`: begins, or `withdraw` takes back.
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let mut form = form.0;
    let problems = match act(&app, &me, &account, &mut form).await {
        Ok(done) => {
            app.note_change();
            return Ok(phone::to(&format!("{PATH}?done={done}")));
        }
        Err(AppError::Invalid(all)) => all,
        Err(AppError::Refused(why)) => vec![at_top(why)],
        Err(AppError::Changed) => vec![at_top("这份续贷刚刚改过，下面是现在的情况".to_owned())],
        Err(other) => return Err(other),
    };
    let page = RenewalPage {
        form: form.to_value(),
        wrong: problems.iter().map(|one| one.field.clone()).collect(),
        problems,
        ..page(&app, &me, &account).await?
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    phone::page_as(status, &app, &me, &req, "m/renewal.html", &page)
}

fn at_top(message: String) -> FieldError {
    FieldError { field: "amount".to_owned(), message }
}

async fn act(
    app: &App,
    me: &BorrowerIn,
    account: &Account,
    form: &mut Fields,
) -> AppResult<&'static str> {
    if !account.party.whole {
        return Err(AppError::NotFound);
    }
    let who = (Actor::program("手机页面", &me.office.code), me.scope.clone());
    let file = account.party.id;
    if form.has("withdraw") {
        if !form.has("sure") {
            return Err(AppError::refused("撤回以后要重新填，确定撤回请先打勾"));
        }
        let seen: Seen<RowId> = form.seen("withdraw")?;
        app.act(who, "renewal withdrawn by phone", move |act| family::withdraw(act, file, seen))
            .await?;
        return Ok("withdrawn");
    }
    let wish = read(form)?;
    let key = form.key();
    app.act(who, "renewal begun by phone", move |act| {
        if let Some(why) = change_first(act.db, act.scope, file)? {
            return Err(AppError::refused(why));
        }
        family::begin(act, &key, file, &wish)
    })
    .await?;
    Ok("begun")
}

fn read(form: &mut Fields) -> AppResult<Wish> {
    if !form.has("same") {
        let words = "请核对学校、专业和年级，没有变的打勾；变了的先到中心办就学信息变更";
        form.reject("same", words);
    }
    let amount = |form: &mut Fields, name: &str, or: &str| {
        form.required(name, or);
        let read = form.money(name);
        if read.is_some_and(|fen| fen < Fen::ZERO) {
            form.reject(name, or);
        }
        read
    };
    let tuition = amount(form, "tuition", "学费请写每年多少元，没有的写 0");
    let lodging = amount(form, "lodging", "住宿费请写每年多少元，没有的写 0");
    let loan_amount = amount(form, "amount", "今年想借多少，请写成 12000 这样");
    let present = form.choice("present", Present::from_text, "请选谁来签字");
    let statement = form.text("statement", STATEMENT_MAX);
    let read = tuition.zip(lodging).zip(loan_amount).zip(present);
    form.checked(read.map(|(((tuition, lodging), amount), present)| Wish {
        present,
        tuition,
        lodging,
        amount,
        statement,
    }))
}
