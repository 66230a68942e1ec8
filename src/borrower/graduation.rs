//! `/m/graduation`: the student confirms the graduation in its year; a short form. The desk sees it
//! as confirmed by the borrower, accepts new numbers, and may correct the rest.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::account::{self, Account};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::book::audit_log::Actor;
use crate::book::loan;
use crate::error::{AppError, AppResult, FieldError};
use crate::life::graduation::facts::{self, Facts};
use crate::life::graduation::rules::{self, Destination};
use crate::life::graduation::{form, steps};
use crate::web::fields::Fields;
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

const PATH: &str = "/m/graduation";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

/// What `m/graduation.html` shows.
#[derive(Debug, Serialize)]
struct GraduationPage {
    ends_on: String,
    last: String,
    /// Who confirmed it and when; empty: nobody yet.
    confirmed: String,
    graduated: String,
    destination: String,
    goes_on: bool,
    co_borrower: String,
    co_phones: Vec<String>,
    destinations: Vec<Choice>,
    version: i32,
    form: Value,
    problems: Vec<FieldError>,
    /// Names of the fields with a problem.
    wrong: Vec<String>,
    done: Option<&'static str>,
}

/// The file's graduation, where it is open to this reader: the student, in the year, from the
/// policy's day on. Else not found.
async fn facts_of(app: &App, me: &BorrowerIn, account: &Account) -> AppResult<Facts> {
    let (scope, file, today) = (me.scope.clone(), account.party.id, account.today);
    if !account.party.own {
        return Err(AppError::NotFound);
    }
    let basis = app.basis();
    let facts = app
        .read(move |db| {
            let file = loan::file(db, &scope, file)?;
            facts::of(db, &scope, &basis, file, today)
        })
        .await?;
    if is_shown(app, &facts, today) { Ok(facts) } else { Err(AppError::NotFound) }
}

fn is_shown(app: &App, facts: &Facts, today: NaiveDate) -> bool {
    let is_year = facts.ends_on.is_some() && rules::is_year(today.year(), facts.days());
    is_year && rules::is_open(app.policy().graduation_confirmation.on(today), today)
}

/// What the first page says of it; none where there is nothing to say.
pub async fn note(
    app: &App,
    me: &BorrowerIn,
    account: &Account,
) -> AppResult<Option<&'static str>> {
    let of_year = |on: NaiveDate| on.year() == account.today.year();
    let ends = account.contracts.iter().map(|one| one.statement.position.subsidy_ends_on);
    // Whom it cannot concern is asked nothing more of.
    if !account.party.own || !ends.into_iter().any(of_year) {
        return Ok(None);
    }
    Ok(match facts_of(app, me, account).await {
        Ok(facts) if facts.confirmed().is_some() => Some("已经确认，看一看"),
        Ok(_) => Some("今年学业结束，请确认去向和电话"),
        Err(AppError::NotFound) => None,
        Err(other) => return Err(other),
    })
}

fn page(app: &App, facts: &Facts, today: NaiveDate) -> GraduationPage {
    let own = facts.confirmed();
    let graduated_on = own.and_then(|row| row.graduated_on).or(facts.file.graduates_on);
    let month = graduated_on.map(|on| on.format("%Y-%m").to_string()).unwrap_or_default();
    let day = |on: NaiveDate| in_words(on, NaiveDate::MIN);
    let last = app.policy().graduation_confirmation.on(today).last.in_year(today.year());
    let co_borrower = facts.co_borrower.as_ref().map(|one| one.name.clone());
    GraduationPage {
        ends_on: facts.ends_on.map(day).unwrap_or_default(),
        last: in_words(last, today),
        confirmed: own.and_then(|row| row.confirmed_on).map(day).unwrap_or_default(),
        graduated: graduated_on.map(rules::month).unwrap_or_default(),
        destination: own.map(|row| row.destination.clone()).unwrap_or_default(),
        goes_on: own.is_some_and(|row| rules::goes_on(&row.destination)),
        co_borrower: co_borrower.unwrap_or_default(),
        co_phones: facts.co_phones.iter().map(|one| one.phone_mask.clone()).collect(),
        destinations: Choice::all(Destination::ALL),
        version: facts.version(),
        form: Fields::default().with("graduated", month).to_value(),
        problems: Vec::new(),
        wrong: Vec::new(),
        done: None,
    }
}

/// `GET /m/graduation`
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
    let facts = facts_of(&app, &me, &account).await?;
    let done = (params.done == "confirmed").then_some("谢谢，毕业确认已经收到。");
    let page = GraduationPage { done, ..page(&app, &facts, account.today) };
    phone::page(&app, &me, &req, "m/graduation.html", &page)
}

/// `POST /m/graduation`
pub async fn confirm(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (facts, mut form) = (facts_of(&app, &me, &account).await?, form.0);
    let problems = match try_confirm(&app, &me, &facts, &mut form).await {
        Ok(()) => return Ok(phone::to(&format!("{PATH}?done=confirmed"))),
        Err(AppError::Invalid(all)) => all,
        Err(AppError::Refused(message)) => vec![at_top(message)],
        Err(AppError::Changed) => {
            vec![at_top("中心刚刚办过您的毕业确认，下面是现在的情况".to_owned())]
        }
        Err(other) => return Err(other),
    };
    let now = facts_of(&app, &me, &account).await?;
    let page = GraduationPage {
        form: form.to_value(),
        wrong: problems.iter().map(|one| one.field.clone()).collect(),
        problems,
        ..page(&app, &now, account.today)
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    phone::page_as(status, &app, &me, &req, "m/graduation.html", &page)
}

fn at_top(message: String) -> FieldError {
    FieldError { field: "graduated".to_owned(), message }
}

async fn try_confirm(
    app: &App,
    me: &BorrowerIn,
    facts: &Facts,
    form: &mut Fields,
) -> AppResult<()> {
    let version = form.version()?;
    let mut typed = form::read(form)?;
    // The co-borrower of the file, whatever a form says.
    if let Some(co) = &facts.co_borrower {
        typed.contact_name.clone_from(&co.name);
    }
    let (file, person) = (facts.file.id, me.person_id);
    let who = (Actor::program("手机页面", &me.office.code), me.scope.clone());
    app.act(who, "graduation confirmed by phone", move |act| {
        steps::confirm_by_phone(act, (file, version), person, &typed)
    })
    .await
}
