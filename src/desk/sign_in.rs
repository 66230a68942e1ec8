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
use crate::base::scope::Scope;
use crate::base::url::own_path;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::office::{self, Office};
use crate::book::staff::{self, Right, Role, Staff};
use crate::desk::start;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::body::equal;
use crate::web::fields::Form;
use crate::web::form::OpenForm;
use crate::web::middleware::address_of;
use crate::web::session::device;
use crate::web::session::entry::{self, Tried};
use crate::web::session::guard::{self, Kind, Subjects, Whom};
use crate::web::session::{self, COOKIE, NewSession, Over, SignedIn};
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
    /// Why a session is over; empty when none was.
    ended: &'static str,
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
    /// There when a session was over.
    ended: Option<String>,
}

#[derive(Deserialize)]
pub struct SignIn {
    csrf: String,
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /`: to the page a role begins its day with.
pub async fn first_page(app: web::Data<App>, me: SignedIn) -> AppResult<HttpResponse> {
    Ok(to(first_page_of(&app, me.role, &me.office.code).await?))
}

async fn first_page_of(app: &App, role: Role, office_code: &str) -> AppResult<&'static str> {
    Ok(match role {
        _ if start::is_first_page(app, role, office_code).await? => "/start",
        _ if role.may(Right::SeeLoans) => "/home",
        _ => "/admin",
    })
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
        return Ok(to(match next {
            Some(next) => next,
            None => first_page_of(&app, me.role, &me.office.code).await?,
        }));
    }
    let notice = match (&query.out, &query.ended) {
        (Some(_), _) => Notice::SignedOut,
        (None, Some(_)) => Notice::Ended(session::why_over::<SignedIn>(&app, &req).await?),
        (None, None) => Notice::Nothing,
    };
    login_page(&app, &req, StatusCode::OK, next.unwrap_or_default(), "", notice).await
}

/// What the sign-in page tells above the form.
enum Notice {
    Nothing,
    SignedOut,
    Ended(Over),
    Problem(String),
}

async fn login_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    next: &str,
    login: &str,
    notice: Notice,
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
        signed_out: matches!(notice, Notice::SignedOut),
        ended: match notice {
            Notice::Ended(Over::Idle) => "太久没有操作，登录已到时间，请重新登录。",
            Notice::Ended(Over::Lasted) => "这次登录已满最长时间，请重新登录。",
            Notice::Ended(Over::ByHand) => {
                "这次登录已被结束：管理员结束了它，或者密码改过、在别处结束了。请重新登录；\
                 不知道是谁结束的，请问管理员。"
            }
            _ => "",
        },
        problem: match notice {
            Notice::Problem(problem) => Some(problem),
            Notice::Nothing | Notice::SignedOut | Notice::Ended(_) => None,
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
        let problem = Notice::Problem("页面开得太久，请再登录一次".to_owned());
        return login_page(&app, &req, StatusCode::FORBIDDEN, next, &login, problem).await;
    }
    let login = staff::login_from(&login);
    let address = address_of(&req);
    let now = app.clock.now_at();
    let whom = Whom::staff(&login);
    let subjects = Subjects::new(Kind::Password, &whom, &device::origin_of(&app, &req, &whom));
    let typed_login = login.clone();
    let find = move |db: &mut Db| Ok(staff::by_login(db, &typed_login)?.filter(|one| one.active));
    match entry::try_password(&app, &subjects, password, find).await? {
        Tried::Right(one) => let_in(&app, &req, one, &subjects, next, address).await,
        Tried::Wait(until) => wait(&app, &req, next, &login, until, now).await,
        Tried::Wrong => {
            app.metrics.sign_ins_refused.inc();
            let problem = Notice::Problem("登录名或密码不对，请核对后再试".to_owned());
            login_page(&app, &req, StatusCode::UNPROCESSABLE_ENTITY, next, &login, problem).await
        }
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
    let mut page = login_page(app, req, status, next, login, Notice::Problem(problem)).await?;
    page.headers_mut().insert(RETRY_AFTER, (until - now).num_seconds().max(1).into());
    Ok(page)
}

async fn let_in(
    app: &App,
    req: &HttpRequest,
    one: Staff,
    subjects: &Subjects,
    next: &str,
    address: String,
) -> AppResult<HttpResponse> {
    let agent = req.headers().get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let new = NewSession::new(address, agent)?;
    let cookie = new.cookie(&app.config);
    let before = req.cookie(COOKIE).map(|cookie| hash_of(cookie.value()));
    let (config, subjects) = (app.config.clone(), subjects.clone());
    let (role, office, whom) = (one.role, one.office_code.clone(), Whom::staff(&one.login));
    let by = Actor {
        staff_id: Some(one.id),
        name: one.name.clone(),
        office_code: one.office_code.clone(),
    };
    let scope = Scope::of(&one.office_code);
    app.act((by, scope), "sign in", move |act| {
        guard::succeeded(act.db, &subjects, act.now)?;
        if let Some(before) = &before {
            session::end(act.db, one.id, before, act.now)?;
        }
        session::begin(act.db, &config, one.id, &new, act.now)?;
        staff::signed_in(act.db, one.id, act.now)?;
        let note = AuditEntry::of("signed_in", &one.name, format!("{}登录", one.name));
        act.audit(note)
    })
    .await?;
    let mut response = to(match next {
        "" => first_page_of(app, role, &office).await?,
        next => next,
    });
    shell::add_cookie(&mut response, &cookie);
    let mut used = session::cookie(FORM_COOKIE, String::new(), &app.config);
    used.make_removal();
    shell::add_cookie(&mut response, &used);
    device::remember(app, req, &mut response, &whom)?;
    Ok(response)
}

/// `POST /logout`
pub async fn sign_out(
    app: web::Data<App>,
    me: SignedIn,
    _checked: Form,
) -> AppResult<HttpResponse> {
    let (staff_id, own) = (me.staff_id, me.session.clone());
    me.act(&app, "sign out", move |act| {
        if session::end(act.db, staff_id, &own, act.now)? == 0 {
            return Err(AppError::NotSignedIn);
        }
        let note = AuditEntry::of("signed_out", &act.by.name, format!("{}退出登录", act.by.name));
        act.audit(note)
    })
    .await?;
    let mut response = to("/login?out=1");
    let mut gone = session::cookie(COOKIE, String::new(), &app.config);
    gone.make_removal();
    shell::add_cookie(&mut response, &gone);
    Ok(response)
}
