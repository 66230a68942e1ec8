//! The loan file 贷款档案: one borrower's whole life on one page, with four tabs.
//!
//! `load.rs` reads, `waiting.rs`, `ledger.rs` and `book::file` decide what is shown (pure),
//! `view.rs` and `contacts.rs` put it into words for the template. Only a note and a new number are
//! written here.

pub mod contacts;
mod export;
mod figures;
pub mod ledger;
pub mod load;
pub mod notes;
mod phones;
pub mod view;
pub mod waiting;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::release;
use crate::app::App;
use crate::base::dates::{DAY_OUTSIDE, is_outside, typed_day};
use crate::base::url::link;
use crate::book::audit_log;
use crate::book::file::explain::{self, Figure, Why};
use crate::book::person::Person;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::{self, At, Done, Fields, Form, answer};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;
use crate::web::shell;
use load::Facts;
use view::{Page, Tab};

/// How many lines of the audit log the tab shows.
const AUDIT_MAX: i64 = 200;

/// The pages of a file.
pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get("/loans/{file_no}", needs, plan_tab),
        get("/loans/{file_no}/ledger", needs, ledger_tab),
        get("/loans/{file_no}/contracts", needs, contracts_tab),
        get("/loans/{file_no}/history", needs, history_tab),
        get("/loans/{file_no}/explain", needs, explain),
        get("/loans/{file_no}/journal", needs, export::journal),
        get("/loans/{file_no}/working.json", needs, export::working),
        post("/loans/{file_no}/notes", needs, notes::add),
        post("/loans/{file_no}/phones", Needs::Right(Right::EditPeople), phones::add),
    ]
}

/// What the address of a file may ask.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PageParams {
    /// The day of the statement.
    as_of: String,
    /// `all`: every row of the plan, also those far ahead.
    rows: String,
}

impl PageParams {
    /// A day that cannot be read is today; the field on the page shows which it is.
    fn day(&self, today: NaiveDate) -> AppResult<NaiveDate> {
        inside(&self.as_of)?;
        Ok(typed_day(&self.as_of).unwrap_or(today))
    }
}

/// Refuses a day of the address that lies in no year of ours.
fn inside(day: &str) -> AppResult<()> {
    if is_outside(day) { Err(AppError::refused(DAY_OUTSIDE)) } else { Ok(()) }
}

async fn facts(
    app: &web::Data<App>,
    me: &SignedIn,
    file_no: &str,
    params: &PageParams,
) -> AppResult<Facts> {
    let as_of = params.day(app.clock.today())?;
    let (inner, scope, file_no) = (app.clone(), me.scope.clone(), file_no.to_owned());
    let read = move |db: &mut Db| {
        let mut facts = load::load(db, &scope, &inner.basis(), &file_no, as_of)?;
        let people: Vec<&Person> =
            std::iter::once(&facts.student).chain(&facts.co_borrowers).collect();
        facts.no_code_until = release::no_code_until(db, &people, inner.clock.now_at())?;
        Ok(facts)
    };
    app.read(read).await
}

async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: String,
    params: PageParams,
    tab: Tab,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me, &file_no, &params, tab).await?)
}

async fn page(
    app: &web::Data<App>,
    me: &SignedIn,
    file_no: &str,
    params: &PageParams,
    tab: Tab,
) -> AppResult<Page> {
    let facts = facts(app, me, file_no, params).await?;
    let mut page = Page::new(&facts, &app.policy(), app.clock.today(), tab, params.rows == "all");
    page.set_key(app.next_id());
    if tab == Tab::Ledger {
        let (scope, facts) = (me.scope.clone(), facts.clone());
        let lines = move |db: &mut Db| {
            let names = ledger::names(db, &scope, &facts)?;
            Ok(ledger::lines(&facts, &names))
        };
        page.set_ledger(app.read(lines).await?);
    }
    if tab == Tab::History {
        let (scope, id) = (me.scope.clone(), facts.file.id);
        let entries = app.read(move |db| audit_log::of_file(db, &scope, id, AUDIT_MAX)).await?;
        page.set_audit(&entries);
    }
    Ok(page)
}

/// Where a form of the page is sent.
type AtFile = (web::Data<App>, SignedIn, HttpRequest, web::Path<String>);

/// Does what a form of the page says; shows the page again when it cannot be done.
async fn posted(
    (app, me, req, file_no): AtFile,
    form: Form,
    act: impl AsyncFnOnce(At<'_>, &str, &mut Fields) -> AppResult<Done>,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = act(at, &file_no, &mut form).await;
    answer(at, &form, done, page(&app, &me, &file_no, &PageParams::default(), Tab::Plan)).await
}

async fn plan_tab(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    show(app, me, req, file_no.into_inner(), params.into_inner(), Tab::Plan).await
}

async fn ledger_tab(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    show(app, me, req, file_no.into_inner(), params.into_inner(), Tab::Ledger).await
}

async fn contracts_tab(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    show(app, me, req, file_no.into_inner(), params.into_inner(), Tab::Contracts).await
}

async fn history_tab(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    show(app, me, req, file_no.into_inner(), params.into_inner(), Tab::History).await
}

/// What is to be explained: a due day (of one contract or all), or a figure at the head.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct WhyParams {
    due_on: String,
    contract: String,
    figure: String,
    as_of: String,
    /// The row of the plan that the part goes into: `w3`.
    row: String,
    /// Shuts that row again.
    close: String,
}

#[derive(Serialize)]
struct WhyPage {
    why: Why,
    name: String,
    file_no: String,
    /// The row the part goes into; empty for a figure at the head.
    row: String,
    /// `?as_of=…` of the page it belongs to, or nothing.
    back: String,
    /// The address of this working.
    self_url: String,
    /// The row is shut again.
    closed: bool,
}

async fn explain(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    params: web::Query<WhyParams>,
) -> AppResult<HttpResponse> {
    let params = params.into_inner();
    let day = PageParams { as_of: params.as_of.clone(), rows: String::new() };
    let facts = facts(&app, &me, &file_no, &day).await?;
    inside(&params.due_on)?;
    let why = match (typed_day(&params.due_on), Figure::from_text(&params.figure)) {
        (Some(due_on), _) => {
            explain::of_day(&facts.contracts, &app.policy(), due_on, &params.contract)
        }
        (None, Some(figure)) => explain::of_figure(&facts.contracts, figure),
        (None, None) => return Err(AppError::NotFound),
    };
    let back =
        if params.as_of.is_empty() { String::new() } else { format!("?as_of={}", facts.as_of) };
    let page = WhyPage {
        why,
        name: facts.student.name.clone(),
        file_no: facts.file.file_no.clone(),
        row: params.row.chars().filter(char::is_ascii_alphanumeric).collect(),
        back,
        self_url: link(
            &format!("/loans/{}/explain", facts.file.file_no),
            &[("due_on", &params.due_on), ("contract", &params.contract), ("as_of", &params.as_of)],
        ),
        closed: !params.close.is_empty(),
    };
    if req.headers().contains_key("HX-Request") {
        shell::part(&app, &me, &req, "loans/_why.html", page)
    } else {
        shell::page(&app, &me, &req, "loans/why.html", page)
    }
}
