//! The frame around every page of borrowers: whose centre, the way back, large type, the warning
//! of fraud and the telephone. Templates find the page as `page` and the frame as `m`.

use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates;
use crate::base::url::own_path;
use crate::book::office::{self, Office};
use crate::book::payments_known;
use crate::error::AppResult;
use crate::web::form::OpenForm;
use crate::web::session::borrower::BorrowerIn;
use crate::web::session::cookie;

/// Remembers large type on this phone.
const TYPE_COOKIE: &str = "zhuxue_type";
/// Days it is remembered.
const TYPE_DAYS: i64 = 400;

/// What stands around a page.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// The centre in two lines: 青禾县学生资助, 管理中心.
    office: [String; 2],
    /// Its telephone as written; empty when several centres share this program.
    phone: String,
    /// The same for a link.
    tel: String,
    /// 大字版
    big: bool,
    /// The page, for the way back from choosing the type.
    here: String,
    /// `银行数据截至 2026年10月31日`; empty where no loan is shown.
    bank_data: String,
    /// What every form brings back; empty before the sign-in.
    csrf: String,
    /// `演示日期 2026年10月31日` when the clock is not the machine's.
    clock_note: Option<String>,
}

impl Frame {
    fn new(app: &App, req: &HttpRequest, office: Option<&Office>, csrf: &str) -> Frame {
        let today = app.clock.today();
        let phone = office.map(|office| office.phone.clone()).unwrap_or_default();
        let name = office.map_or("学生资助管理中心", |office| office.name.as_str());
        let (first, second) = match name.strip_suffix("管理中心") {
            Some(first) => (first, "管理中心"),
            None => (name, ""),
        };
        Frame {
            office: [first.to_owned(), second.to_owned()],
            tel: phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
            phone,
            big: req.cookie(TYPE_COOKIE).is_some_and(|cookie| cookie.value() == "big"),
            here: req.uri().path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default(),
            bank_data: String::new(),
            csrf: csrf.to_owned(),
            clock_note: app
                .clock
                .is_shifted()
                .then(|| format!("演示日期 {}", dates::in_words(today, chrono::NaiveDate::MIN))),
        }
    }
}

#[derive(Serialize)]
struct Context<'a, T> {
    m: Frame,
    page: &'a T,
}

fn answer<T: Serialize>(
    app: &App,
    status: StatusCode,
    template: &str,
    m: Frame,
    page: &T,
) -> AppResult<HttpResponse> {
    let text = app.templates.render(template, Context { m, page })?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text))
}

/// A page of somebody signed in.
pub fn page<T: Serialize>(
    app: &App,
    me: &BorrowerIn,
    req: &HttpRequest,
    template: &str,
    page: &T,
) -> AppResult<HttpResponse> {
    page_as(StatusCode::OK, app, me, req, template, page)
}

/// The same with another status: 422 for a form with something to put right.
pub fn page_as<T: Serialize>(
    status: StatusCode,
    app: &App,
    me: &BorrowerIn,
    req: &HttpRequest,
    template: &str,
    page: &T,
) -> AppResult<HttpResponse> {
    let frame = Frame::new(app, req, Some(&me.office), &me.csrf);
    let bank_data = payments_known::in_words(me.known_until);
    answer(app, status, template, Frame { bank_data, ..frame }, page)
}

/// The same frame around a page of somebody else on a phone: a liaison.
pub fn page_for<T: Serialize>(
    status: StatusCode,
    app: &App,
    req: &HttpRequest,
    (office, csrf): (&Office, &str),
    template: &str,
    page: &T,
) -> AppResult<HttpResponse> {
    answer(app, status, template, Frame::new(app, req, Some(office), csrf), page)
}

/// A page that everybody may see. `offices` are all there are.
pub fn open_page<T: Serialize>(
    status: StatusCode,
    app: &App,
    req: &HttpRequest,
    offices: &[Office],
    template: &str,
    page: &T,
) -> AppResult<HttpResponse> {
    let only = match offices {
        [only] => Some(only),
        _ => None,
    };
    answer(app, status, template, Frame::new(app, req, only, ""), page)
}

/// What `m/error.html` shows.
#[derive(Debug, Serialize)]
pub struct Failure {
    pub title: String,
    pub message: String,
    /// The number to quote when it is our fault.
    pub reference: Option<String>,
}

/// The text of an error page. Asks no database: it may be the database that failed.
pub fn error_page(
    app: &App,
    req: &HttpRequest,
    me: Option<&BorrowerIn>,
    failure: &Failure,
) -> AppResult<String> {
    let m = Frame::new(app, req, me.map(|me| &me.office), "");
    app.templates.render("m/error.html", Context { m, page: failure })
}

/// To another page of ours: 303.
pub fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// Adds a cookie that lives for some minutes; an empty value takes it away.
pub fn set_cookie(
    response: &mut HttpResponse,
    app: &App,
    (name, value): (&'static str, String),
    minutes: i64,
) {
    let gone = value.is_empty();
    let mut made = cookie(name, value, &app.config);
    if gone {
        made.make_removal();
    } else {
        made.set_max_age(Duration::minutes(minutes));
    }
    if let Err(error) = response.add_cookie(&made) {
        tracing::error!(%error, "a cookie cannot be written");
    }
}

/// Says after how many seconds another try is worth it.
pub fn retry_after(response: &mut HttpResponse, seconds: i64) {
    if let Ok(value) = seconds.max(1).to_string().parse() {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
}

/// All offices, for pages before the sign-in.
pub async fn offices(app: &App) -> AppResult<Vec<Office>> {
    app.read(office::all).await
}

/// The form behind 大字版.
#[derive(Debug, Deserialize)]
pub struct TypeWanted {
    big: String,
    back: String,
}

/// `POST /m/type`: large type on this phone, or no longer. Changes nothing but a cookie.
pub async fn set_type(app: web::Data<App>, form: OpenForm<TypeWanted>) -> HttpResponse {
    std::future::ready(()).await;
    let TypeWanted { big, back } = form.0;
    let ours = ["/m", "/r", "/l"].contains(&back.as_str())
        || ["/m/", "/m?", "/r/", "/r?", "/l/", "/l?", "/visits/rounds/"]
            .iter()
            .any(|start| back.starts_with(start));
    let back = own_path(&back).filter(|_| ours);
    let mut response = to(back.unwrap_or("/m"));
    let value = if big == "1" { "big".to_owned() } else { String::new() };
    set_cookie(&mut response, &app, (TYPE_COOKIE, value), TYPE_DAYS * 24 * 60);
    response
}
