//! `/r/{code}`: the page behind the code on a sheet, on any phone, without script and without a
//! sign-in. Shows a masked name and the village, no amount and nobody else; takes what the visit
//! found, once. The code in the address is the secret, so the form needs no further token.
//! Guessing is slowed down for the sender's address; an unknown code gets one and the same answer.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDateTime, Timelike};
use serde::{Deserialize, Serialize};

use super::form::{self, Form, PHOTO_MB};
use super::returns::CameBy;
use super::rules;
use super::store::{self, Batch, Sheet, State, Who};
use super::{make, take};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::scope::Scope;
use crate::base::spoken_code as codes;
use crate::book::audit_log::Actor;
use crate::book::office::{self, Office};
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::web::form::OpenForm;
use crate::web::middleware::network_of;
use crate::web::session::guard::{self, Attempt, Kind, Subjects};
use crate::web::shell::phone;
use crate::web::upload;

/// What `m/sheet.html` shows.
#[derive(Debug, Default, Serialize)]
struct SheetPage {
    /// `ask`, `form`, `back`, `over`.
    show: &'static str,
    code: String,
    /// One sentence: what is the matter.
    message: String,
    number: String,
    name: String,
    place: String,
    receiver: String,
    /// What to know before going.
    caution: Option<String>,
    #[serde(flatten)]
    form: Form,
}

fn answer(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    offices: &[Office],
    page: &SheetPage,
) -> AppResult<HttpResponse> {
    let mut answer = phone::open_page(status, app, req, offices, "m/sheet.html", page)?;
    let headers = answer.headers_mut();
    let name = HeaderName::from_static("x-robots-tag");
    headers.insert(name, HeaderValue::from_static("noindex, nofollow"));
    Ok(answer)
}

async fn ask_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    (code, message): (&str, &str),
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    let page = SheetPage {
        show: "ask",
        code: code.to_owned(),
        message: message.to_owned(),
        ..SheetPage::default()
    };
    answer(app, req, status, &offices, &page)
}

/// `GET /r`
pub async fn ask(app: web::Data<App>, req: HttpRequest) -> AppResult<HttpResponse> {
    ask_page(&app, &req, StatusCode::OK, ("", "")).await
}

/// The form with the code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

const NO_CODE: &str = "回报码是走访表最下面的 8 位字母和数字，例如 7K3M-9QXP，请对照再填一次";
const UNKNOWN: &str =
    "没有找到这张走访表。回报码里没有 0、O、1、I，请对照纸上再填一次；还不行，请打电话问中心";

/// `POST /r`
pub async fn open_code(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<CodeForm>,
) -> AppResult<HttpResponse> {
    let typed: String = form.0.code.chars().take(40).collect();
    match codes::read(&typed) {
        Some(code) => Ok(phone::to(&format!("/r/{code}"))),
        None => ask_page(&app, &req, StatusCode::UNPROCESSABLE_ENTITY, (&typed, NO_CODE)).await,
    }
}

/// The sheet a code opens, with what the page shows about it.
struct Opened {
    sheet: Sheet,
    who: Option<Who>,
    receiver: String,
    office: Office,
    batch: Batch,
    caution: Option<String>,
}

enum Found {
    Wait(NaiveDateTime),
    Nothing,
    Sheet(Box<Opened>),
}

async fn open(app: &App, req: &HttpRequest, typed: &str) -> AppResult<Found> {
    let code = codes::read(typed);
    let index = code.map(|code| app.sealer.index(Field::Sheet, &code));
    let subjects = Subjects::anybody(Kind::Sheet, &network_of(req));
    let (now, today) = (app.clock.now_at(), app.clock.today());
    let counted = subjects.clone();
    // A right code writes nothing: the page is open to everybody, the database has one writer.
    let read = app.read(move |db| {
        if let Some(until) = guard::wait_of(db, &subjects, now)? {
            return Ok(Found::Wait(until));
        }
        let found = match &index {
            Some(index) => store::by_code(db, index)?,
            None => None,
        };
        let Some(sheet) = found else { return Ok(Found::Nothing) };
        let scope = Scope::of(&sheet.office_code);
        let batch = store::batch(db, &scope, sheet.batch_id)?;
        Ok(Found::Sheet(Box::new(Opened {
            who: store::people(db, &scope, &[sheet.file_id])?.remove(&sheet.file_id),
            receiver: make::addressee(&batch),
            office: office::find(db, &sheet.office_code)?,
            caution: take::caution(db, &scope, (&sheet, &batch), today)?,
            batch,
            sheet,
        })))
    });
    match read.await? {
        Found::Nothing => {
            app.write("a wrong code", move |db| match guard::attempt(db, &counted, now)? {
                Attempt::Wait { until } => Ok(Found::Wait(until)),
                Attempt::Counted { .. } => Ok(Found::Nothing),
            })
            .await
        }
        found => Ok(found),
    }
}

/// The answer when there is no sheet to show.
async fn closed(
    app: &App,
    req: &HttpRequest,
    typed: &str,
    until: Option<NaiveDateTime>,
) -> AppResult<HttpResponse> {
    let Some(until) = until else {
        return ask_page(app, req, StatusCode::NOT_FOUND, (typed, UNKNOWN)).await;
    };
    let now = app.clock.now_at();
    let message =
        format!("试得太多了，请 {}后再试，或者打电话问中心", guard::wait_in_words(until, now));
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut answer = ask_page(app, req, status, (typed, &message)).await?;
    phone::retry_after(&mut answer, (until - now).num_seconds());
    Ok(answer)
}

/// `11月5日 14:20`
fn instant(app: &App, at: NaiveDateTime) -> String {
    let at = local(at);
    let day = in_words(at.date(), app.clock.today());
    format!("{day} {}:{:02}", at.hour(), at.minute())
}

/// Why the form is not shown; none when it is.
fn why_closed(app: &App, one: &Opened) -> Option<(&'static str, String)> {
    let (sheet, paper) = (&one.sheet, one.batch.purpose.paper());
    match (sheet.state, sheet.returned_at) {
        (State::Returned | State::Accepted, at) => {
            let when = at.map(|at| instant(app, at)).unwrap_or_default();
            Some((
                "back",
                format!(
                    "这张{paper} {when} 已经交回，回报码只用一次；要补充或更改，请打电话告诉我们。"
                ),
            ))
        }
        (State::Void, _) => {
            Some(("over", format!("这张{paper}已经作废，不用再填；有疑问请打电话问中心。")))
        }
        (State::Out, _) if sheet.expires_at <= app.clock.now_at() => Some((
            "over",
            format!(
                "回报码已过期（请交回的日子是 {}月{}日），请打电话把结果告诉我们，报编号 {}。",
                one.batch.return_by.month(),
                one.batch.return_by.day(),
                sheet.number
            ),
        )),
        (State::Out, _) => None,
    }
}

fn page_of(one: &Opened, code: &str, form: Form) -> SheetPage {
    let text = |of: fn(&Who) -> &String| one.who.as_ref().map(of).cloned().unwrap_or_default();
    SheetPage {
        show: "form",
        code: codes::read(code).unwrap_or_default(),
        message: String::new(),
        number: one.sheet.number.clone(),
        name: rules::masked_name(&text(|who| &who.name)),
        place: text(|who| &who.village),
        receiver: one.receiver.clone(),
        caution: one.caution.clone(),
        form,
    }
}

fn render(app: &App, req: &HttpRequest, one: &Opened, page: &SheetPage) -> AppResult<HttpResponse> {
    let bad = !page.form.errors.is_empty();
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    answer(app, req, status, std::slice::from_ref(&one.office), page)
}

/// `?late=1` after a form was sent that could not be taken any more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    late: String,
}

/// `GET /r/{code}`
pub async fn show(
    app: web::Data<App>,
    req: HttpRequest,
    code: web::Path<String>,
    sent: web::Query<Sent>,
) -> AppResult<HttpResponse> {
    let one = match open(&app, &req, &code).await? {
        Found::Wait(until) => return closed(&app, &req, &code, Some(until)).await,
        Found::Nothing => return closed(&app, &req, &code, None).await,
        Found::Sheet(one) => one,
    };
    let form = Form::blank(one.batch.purpose, app.clock.today(), "");
    let mut page = page_of(&one, &code, form);
    if let Some((show, message)) = why_closed(&app, &one) {
        // The same form sent twice looks like this, too: what is there stays, and nothing is lost.
        let late = if sent.late.is_empty() { "" } else { "刚才填的没有再收。" };
        (page.show, page.message) = (show, format!("{late}{message}"));
    }
    render(&app, &req, &one, &page)
}

/// `POST /r/{code}`
pub async fn hand_in(
    app: web::Data<App>,
    req: HttpRequest,
    code: web::Path<String>,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let one = match open(&app, &req, &code).await? {
        Found::Wait(until) => return closed(&app, &req, &code, Some(until)).await,
        Found::Nothing => return closed(&app, &req, &code, None).await,
        Found::Sheet(one) => one,
    };
    let here = format!("/r/{}", codes::read(&code).unwrap_or_default());
    let late = format!("{here}?late=1");
    if why_closed(&app, &one).is_some() {
        return Ok(phone::to(&late));
    }
    let form = upload::read_open(payload, PHOTO_MB).await?;
    let (answers, picture) = match form::read(&form, one.batch.paper(app.clock.today())).await {
        Ok(read) => read,
        Err(form) => {
            let page = page_of(&one, &code, *form);
            return render(&app, &req, &one, &page);
        }
    };
    let came = take::incoming(&app, &one.sheet, CameBy::Scan, &answers, picture.as_ref())?;
    let (scope, by) =
        (Scope::of(&one.sheet.office_code), Actor::program("扫码回报", &one.office.code));
    let is_stored =
        app.act((by, scope), "a sheet comes back", move |act| take::take(act, &came)).await?;
    // When somebody was quicker, the page says when that was, and that this one was not taken.
    Ok(phone::to(if is_stored { &here } else { &late }))
}
