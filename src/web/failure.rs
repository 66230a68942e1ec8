//! Errors as people see them: a page in the shell, a message inside the page for htmx, or JSON.
//! A cause never leaves the log; what is our fault gets a number to quote, such as E-1031-77.

use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION, REFERER, RETRY_AFTER, VARY};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use chrono::Datelike as _;
use serde::Serialize;

use super::session::borrower::BorrowerIn;
use super::{form, session};
use crate::app::App;
use crate::base::url::own_path;
use crate::error::{AppError, FieldError};
use crate::web::session::SignedIn;
use crate::web::shell;

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        status_of(self)
    }

    /// Only a status: [`as_page`] makes the page, where the request and the templates are known.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(status_of(self))
    }
}

/// The status each error is answered with.
fn status_of(error: &AppError) -> StatusCode {
    match error {
        AppError::Refused(_) | AppError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::Packed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        AppError::NotSignedIn => StatusCode::UNAUTHORIZED,
        AppError::Stale | AppError::Forbidden => StatusCode::FORBIDDEN,
        AppError::NotFound => StatusCode::NOT_FOUND,
        AppError::Changed => StatusCode::CONFLICT,
        AppError::TooBusy(_) => StatusCode::SERVICE_UNAVAILABLE,
        AppError::Database(_) | AppError::Conflict(_) | AppError::Broken(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// What `error.html` shows.
#[derive(Debug, Serialize)]
struct Failure {
    title: String,
    message: String,
    errors: Vec<FieldError>,
    reference: Option<String>,
}

/// The answer for a response that carries an error.
pub fn as_page(app: &App, response: ServiceResponse) -> ServiceResponse {
    let req = response.request().clone();
    let status = response.status();
    let other;
    let error = match response.response().error() {
        Some(error) => match error.as_error::<AppError>() {
            Some(error) => error,
            None => {
                other = foreign(status, error);
                &other
            }
        },
        None => return response,
    };
    let answer = answer(app, &req, error);
    response.into_response(answer)
}

/// An error of the web framework: too long, not understood. Ours only when it says 5xx.
fn foreign(status: StatusCode, error: &actix_web::Error) -> AppError {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => AppError::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => AppError::refused("内容太大，请分几次提交"),
        status if status.is_client_error() => AppError::refused("请求看不懂，请从页面重新操作"),
        _ => AppError::broken(error),
    }
}

fn answer(app: &App, req: &HttpRequest, error: &AppError) -> HttpResponse {
    if matches!(error, AppError::NotSignedIn) {
        return to_sign_in(req);
    }
    let failure = describe(app, error);
    let status = status_of(error);
    if is_phone_page(req) {
        return for_borrower(app, req, error, failure);
    }
    if form::wants_json(req) {
        return HttpResponse::build(status).json(failure);
    }
    let me = super::session::found::<SignedIn>(req);
    let part = form::is_part(req);
    let template = match (&me, part) {
        (_, true) => "_error_part.html",
        (Some(_), false) => "error.html",
        (None, false) => "error_bare.html",
    };
    let text = shell::render(app, me.as_ref(), req, template, &failure);
    let mut response = match text {
        Ok(text) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "the error page cannot be rendered");
            HttpResponse::build(status)
                .content_type("text/plain; charset=utf-8")
                .body(failure.message)
        }
    };
    if part {
        // The message goes to the status area; what was typed stays where it is.
        set(&mut response, "hx-retarget", "#flash");
        set(&mut response, "hx-reswap", "innerHTML");
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("HX-Request"));
    if matches!(error, AppError::TooBusy(_)) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// A page on a phone (borrowers, sheets that come back, liaisons): no menu of the desk around it,
/// and none of its words.
fn is_phone_page(req: &HttpRequest) -> bool {
    ["/m", "/r", "/l"].iter().any(|realm| is_below(req, realm))
}

fn is_below(req: &HttpRequest, realm: &str) -> bool {
    req.path().strip_prefix(realm).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn for_borrower(app: &App, req: &HttpRequest, error: &AppError, failure: Failure) -> HttpResponse {
    let message = match error {
        AppError::NotFound => "网址可能输错了，或者这一页已经没有了。请回到首页再找。".to_owned(),
        AppError::Database(_) | AppError::Conflict(_) | AppError::Broken(_) => {
            "操作未完成，请过一会儿再试；一直不行，请打电话把下面的编号告诉我们。".to_owned()
        }
        AppError::Forbidden => "这一页您不能看。".to_owned(),
        _ => failure.message,
    };
    let me = super::session::found::<BorrowerIn>(req);
    let page = super::shell::phone::Failure {
        title: failure.title,
        message,
        reference: failure.reference,
    };
    let status = status_of(error);
    match super::shell::phone::error_page(app, req, me.as_ref(), &page) {
        Ok(text) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "the error page cannot be rendered");
            HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(page.message)
        }
    }
}

fn set(response: &mut HttpResponse, name: &'static str, value: &'static str) {
    response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}

/// To the sign-in page, and afterwards back to where a page (not a form) was asked for.
fn to_sign_in(req: &HttpRequest) -> HttpResponse {
    if form::wants_json(req) {
        return HttpResponse::Unauthorized().json(serde_json::json!({ "message": "请先登录" }));
    }
    if is_phone_page(req) {
        let to = if is_below(req, "/l") { "/l/login" } else { "/m/sign-in" };
        return HttpResponse::SeeOther().insert_header((LOCATION, to)).finish();
    }
    let is_page = req.method().is_safe() && !form::is_part(req);
    let target = req.uri().path_and_query().filter(|_| is_page).map(|target| target.as_str());
    // A form goes back to the page it stands on, where what was typed is put in again.
    let target = target.or_else(|| came_from(req)).filter(|target| *target != "/");
    let next = target.map(|target| format!("next={}", shell::encoded(target)));
    let ended = req.cookie(session::COOKIE).map(|_| "ended=1".to_owned());
    let query = next.into_iter().chain(ended).collect::<Vec<_>>().join("&");
    let to = if query.is_empty() { "/login".to_owned() } else { format!("/login?{query}") };
    if form::is_part(req) {
        return HttpResponse::Unauthorized().insert_header(("HX-Redirect", to)).finish();
    }
    HttpResponse::SeeOther().insert_header((LOCATION, to)).finish()
}

/// The page of ours that a request came from, as a path.
pub fn came_from(req: &HttpRequest) -> Option<&str> {
    let referer = req.headers().get(REFERER).and_then(|value| value.to_str().ok());
    let (_, rest) = referer.and_then(|url| url.split_once("://"))?;
    rest.find('/').and_then(|at| rest.get(at..)).and_then(own_path)
}

fn describe(app: &App, error: &AppError) -> Failure {
    let (title, message) = match error {
        AppError::Refused(why) => ("操作未完成", why.clone()),
        AppError::Invalid(_) => ("有内容要改", "请改好下面几处后再提交".to_owned()),
        AppError::Packed => ("操作未完成", "压缩过的请求不收，什么都没有改动。".to_owned()),
        AppError::NotSignedIn => ("请先登录", error.to_string()),
        AppError::Stale => (
            "页面开得太久，请刷新后再提交",
            "刚才的提交没有执行，什么都没有改动。请返回上一页，刷新，再提交一次。".to_owned(),
        ),
        AppError::Forbidden => {
            ("这一页不在您的权限里", "要用这项功能，请找本中心管理员调整角色。".to_owned())
        }
        AppError::NotFound => (
            "没有找到这一页",
            "网址可能输错了，或者这份档案不在本中心。请从菜单或查找框进入。".to_owned(),
        ),
        AppError::Changed => (
            "别人刚刚改过",
            "这里的内容在打开之后被别人改过，刚才的修改没有保存。请刷新看过新内容后再改。"
                .to_owned(),
        ),
        AppError::TooBusy(_) => ("现在太忙", "请过几秒再试一次，刚才的操作没有执行。".to_owned()),
        AppError::Database(_) | AppError::Conflict(_) | AppError::Broken(_) => (
            "没能办成，是系统的问题",
            "刚才的操作没有执行。请再试一次；一直不行，请把下面的编号告诉管理员。".to_owned(),
        ),
    };
    let errors = match error {
        AppError::Invalid(errors) => errors.clone(),
        _ => Vec::new(),
    };
    Failure { title: title.to_owned(), message, errors, reference: reference(app, error) }
}

/// `E-1031-77`: month, day, number. The log line with the same reference has the cause.
fn reference(app: &App, error: &AppError) -> Option<String> {
    static LAST: AtomicU32 = AtomicU32::new(0);
    match error {
        AppError::Database(cause) | AppError::Conflict(cause) | AppError::Broken(cause) => {
            let today = app.clock.today();
            let number = LAST.fetch_add(1, Ordering::Relaxed) + 1 + started_at();
            let text = format!("E-{:02}{:02}-{number}", today.month(), today.day());
            tracing::error!(reference = %text, cause, "broken");
            Some(text)
        }
        AppError::TooBusy(what) => {
            tracing::warn!(what, "too busy");
            None
        }
        _ => None,
    }
}

/// A number chosen at the first error, so that two runs on one day seldom share a reference.
fn started_at() -> u32 {
    static FIRST: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *FIRST.get_or_init(|| {
        let mut byte = [0_u8; 2];
        match getrandom::fill(&mut byte) {
            Ok(()) => 10 + u32::from(u16::from_le_bytes(byte)) % 8_000,
            Err(_) => 10,
        }
    })
}
