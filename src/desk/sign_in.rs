//! Sign-in and sign-out, and the way in from `/`.
//!
//! The answer to a wrong password is the same, and takes as long, whether or not the login
//! exists. The form has no session yet, so its token is a random cookie that must come back in
//! the form (another site can neither read nor set it).

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::app::{App, DemoSignIn};
use crate::base::hex::{hash_of, random_hex};
use crate::book::history::{self, By, Note};
use crate::book::office::{self, Office};
use crate::book::staff::{self, Right, Role, Staff};
use crate::error::{AppError, AppResult};
use crate::web::around::address_of;
use crate::web::form::{CsrfForm, OpenForm, equal};
use crate::web::session::guard::{self, Attempt, Subjects};
use crate::web::session::{self, COOKIE, NewSession, SignedIn};
use crate::web::shell;

/// The cookie that holds the token of the sign-in form.
const FORM_COOKIE: &str = "zhuxue_in";

/// What `desk/login.html` shows.
#[derive(Debug, Serialize)]
struct LoginPage {
    token: String,
    next: String,
    login: String,
    signed_out: bool,
    problem: Option<String>,
    office: Option<Office>,
    demo: Vec<DemoSignIn>,
}

/// `?next=`: where to go after the sign-in.
#[derive(Debug, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    /// There when somebody has just signed out.
    out: Option<String>,
}

/// The form.
#[derive(Deserialize)]
pub struct SignIn {
    csrf: String,
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /`: to the page a role begins its day with.
pub async fn first_page(me: SignedIn) -> HttpResponse {
    std::future::ready(()).await;
    to(first_page_of(me.role))
}

fn first_page_of(role: Role) -> &'static str {
    if role.may(Right::SeeLoans) { "/home" } else { "/admin" }
}

fn to(url: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, url)).finish()
}

/// `GET /login`
pub async fn show(
    app: web::Data<App>,
    req: HttpRequest,
    query: web::Query<Next>,
) -> AppResult<HttpResponse> {
    let next = own_path(&query.next);
    if let Ok(me) = session::signed_in::<SignedIn>(&req).await {
        return Ok(to(next.unwrap_or_else(|| first_page_of(me.role))));
    }
    let said = if query.out.is_some() { Said::SignedOut } else { Said::Nothing };
    login_page(&app, &req, StatusCode::OK, next.unwrap_or_default(), "", said).await
}

/// What the sign-in page tells above the form.
enum Said {
    Nothing,
    SignedOut,
    Problem(String),
}

/// A path of ours, so that nobody is sent elsewhere by a prepared link.
fn own_path(next: &str) -> Option<&str> {
    let own =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r']);
    own.then_some(next)
}

async fn login_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    next: &str,
    login: &str,
    said: Said,
) -> AppResult<HttpResponse> {
    let offices = app.read(office::all).await?;
    let office = match offices.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    // A second tab keeps the token of the first.
    let token = match req.cookie(FORM_COOKIE) {
        Some(cookie) if cookie.value().len() == 64 => cookie.value().to_owned(),
        _ => random_hex(32)?,
    };
    let page = LoginPage {
        token: token.clone(),
        next: next.to_owned(),
        login: login.to_owned(),
        signed_out: matches!(said, Said::SignedOut),
        problem: match said {
            Said::Problem(problem) => Some(problem),
            Said::Nothing | Said::SignedOut => None,
        },
        office,
        demo: app.demo.to_vec(),
    };
    let text = shell::render(app, None, req, "desk/login.html", &page)?;
    let mut response =
        HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text);
    shell::add_cookie(&mut response, &session::cookie(FORM_COOKIE, token, &app.config));
    Ok(response)
}

/// `POST /login`
pub async fn sign_in(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<SignIn>,
) -> AppResult<HttpResponse> {
    let SignIn { csrf, login, password, next } = form.0;
    let next = own_path(&next).unwrap_or_default();
    let cookie = req.cookie(FORM_COOKIE).map(|cookie| cookie.value().to_owned());
    if !equal(&csrf, &cookie.unwrap_or_default()) {
        let problem = Said::Problem("页面开得太久，请再登录一次".to_owned());
        return login_page(&app, &req, StatusCode::FORBIDDEN, next, &login, problem).await;
    }
    let login = staff::login_from(&login);
    let address = address_of(&req);
    let now = app.clock.now_at();
    let subjects = Subjects::new(&login, &address);
    let for_write = subjects.clone();
    let attempt =
        app.write("sign-in attempt", move |db| guard::attempt(db, &for_write, now)).await?;
    let last = match attempt {
        Attempt::Wait { until } => return wait(&app, &req, next, &login, until, now).await,
        Attempt::Counted { last } => last,
    };
    let wanted = login.clone();
    let found = app.read(move |db| staff::by_login(db, &wanted)).await?;
    let known = found.filter(|one| one.active);
    let hash = known.as_ref().map(|one| one.password_hash.clone());
    let right = app.passwords.matches(password, hash).await?;
    match known {
        Some(one) if right => let_in(&app, &req, one, &subjects, next, address, now).await,
        other => refuse(&app, &req, other, last, next, &login).await,
    }
}

async fn wait(
    app: &App,
    req: &HttpRequest,
    next: &str,
    login: &str,
    until: NaiveDateTime,
    now: NaiveDateTime,
) -> AppResult<HttpResponse> {
    app.metrics.sign_ins_refused.inc();
    let how_long = guard::wait_in_words(until, now);
    let problem = format!("连续输错的次数太多，请 {how_long}后再试。忘记密码请找本中心管理员重设");
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut page = login_page(app, req, status, next, login, Said::Problem(problem)).await?;
    page.headers_mut().insert(RETRY_AFTER, (until - now).num_seconds().max(1).into());
    Ok(page)
}

async fn refuse(
    app: &App,
    req: &HttpRequest,
    known: Option<Staff>,
    last: bool,
    next: &str,
    login: &str,
) -> AppResult<HttpResponse> {
    app.metrics.sign_ins_refused.inc();
    // Only when the waits begin, so that a guesser cannot fill the history of an office.
    if let Some(one) = known.filter(|_| last) {
        let (id, at) = (app.next_id(), app.clock.now_at());
        let by = By::program("登录", &one.office_code);
        let note = Note {
            action: "sign_in_failed",
            subject: one.name.clone(),
            summary: format!("{}的账号连续输错密码，暂停登录", one.name),
            ..Note::default()
        };
        app.write("sign-in refused", move |db| history::note(db, &by, id, at, note.clone()))
            .await?;
    }
    let problem = Said::Problem("登录名或密码不对，请核对后再试".to_owned());
    login_page(app, req, StatusCode::UNPROCESSABLE_ENTITY, next, login, problem).await
}

async fn let_in(
    app: &App,
    req: &HttpRequest,
    one: Staff,
    subjects: &Subjects,
    next: &str,
    address: String,
    now: NaiveDateTime,
) -> AppResult<HttpResponse> {
    let agent = req.headers().get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let new = NewSession::new(address, agent)?;
    let cookie = new.cookie(&app.config);
    let before = req.cookie(COOKIE).map(|cookie| hash_of(cookie.value()));
    let (config, subjects, id) = (app.config.clone(), subjects.clone(), app.next_id());
    let role = one.role;
    app.write("sign in", move |db| {
        guard::succeeded(db, &subjects, now)?;
        if let Some(before) = &before {
            session::end(db, one.id, before, now)?;
        }
        session::begin(db, &config, one.id, &new, now)?;
        staff::signed_in(db, one.id, now)?;
        let by = By {
            staff_id: Some(one.id),
            name: one.name.clone(),
            office_code: one.office_code.clone(),
        };
        let note = Note {
            action: "signed_in",
            subject: one.name.clone(),
            summary: format!("{}登录", one.name),
            ..Note::default()
        };
        history::note(db, &by, id, now, note)
    })
    .await?;
    let mut response = to(if next.is_empty() { first_page_of(role) } else { next });
    shell::add_cookie(&mut response, &cookie);
    let mut used = session::cookie(FORM_COOKIE, String::new(), &app.config);
    used.make_removal();
    shell::add_cookie(&mut response, &used);
    Ok(response)
}

/// Nothing but the token.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// `POST /logout`
pub async fn sign_out(
    app: web::Data<App>,
    me: SignedIn,
    _checked: CsrfForm<Nothing>,
) -> AppResult<HttpResponse> {
    let (id, now) = (app.next_id(), app.clock.now_at());
    app.write("sign out", move |db| {
        if session::end(db, me.staff_id, &me.session, now)? == 0 {
            return Err(AppError::NotSignedIn);
        }
        let note = Note {
            action: "signed_out",
            subject: me.name.clone(),
            summary: format!("{}退出登录", me.name),
            ..Note::default()
        };
        history::note(db, &me.by(), id, now, note)
    })
    .await?;
    let mut response = to("/login?out=1");
    let mut gone = session::cookie(COOKIE, String::new(), &app.config);
    gone.make_removal();
    shell::add_cookie(&mut response, &gone);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_link_leads_nowhere_else() {
        assert_eq!(own_path("/loans?q=1"), Some("/loans?q=1"));
        for other in ["", "//evil.example", "https://evil.example", "/\\evil.example", "loans"] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
