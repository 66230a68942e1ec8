//! `/l/login`: how a liaison comes in and goes out. The answer to a wrong password is the same,
//! and takes as long, whether or not the login exists; waits grow with every wrong one.

use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::hex::{hash_of, random_hex};
use crate::base::scope::Scope;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::liaison::{self, Liaison};
use crate::book::staff;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::body::equal;
use crate::web::fields::Fields;
use crate::web::form::OpenForm;
use crate::web::middleware::address_of;
use crate::web::session::device;
use crate::web::session::entry::{self, Tried};
use crate::web::session::guard::{self, Kind, Subjects, Whom};
use crate::web::session::liaison::{COOKIE, LiaisonForm, LiaisonIn, begin};
use crate::web::session::{self, NewSession};
use crate::web::shell::phone;

/// The cookie that holds the token of the sign-in form.
const FORM_COOKIE: &str = "zhuxue_l_in";
/// Minutes that a sign-in form may stand open.
const FORM_MINUTES: i64 = 240;

/// What `l/login.html` shows.
#[derive(Debug, Serialize)]
struct LoginPage {
    token: String,
    login: String,
    signed_out: bool,
    problem: Option<String>,
}

/// `?out=1` after signing out.
#[derive(Debug, Deserialize)]
pub struct Out {
    out: Option<String>,
}

/// `GET /l/login`
pub async fn show(
    app: web::Data<App>,
    req: HttpRequest,
    query: web::Query<Out>,
) -> AppResult<HttpResponse> {
    if session::signed_in::<LiaisonIn>(&req).await.is_ok() {
        return Ok(phone::to("/l"));
    }
    let page = LoginPage {
        token: String::new(),
        login: String::new(),
        signed_out: query.out.is_some(),
        problem: None,
    };
    login_page(&app, &req, StatusCode::OK, page).await
}

async fn login_page(
    app: &App,
    req: &HttpRequest,
    status: StatusCode,
    mut page: LoginPage,
) -> AppResult<HttpResponse> {
    let offices = phone::offices(app).await?;
    // A second tab keeps the token of the first.
    page.token = match req.cookie(FORM_COOKIE) {
        Some(cookie) if cookie.value().len() == 64 => cookie.value().to_owned(),
        _ => random_hex(32)?,
    };
    let token = page.token.clone();
    let mut answer = phone::open_page(status, app, req, &offices, "l/login.html", &page)?;
    phone::set_cookie(&mut answer, app, (FORM_COOKIE, token), FORM_MINUTES);
    Ok(answer)
}

#[derive(Deserialize)]
pub struct SignIn {
    csrf: String,
    login: String,
    password: String,
}

/// `POST /l/login`
pub async fn sign_in(
    app: web::Data<App>,
    req: HttpRequest,
    form: OpenForm<SignIn>,
) -> AppResult<HttpResponse> {
    let SignIn { csrf, login, password } = form.0;
    let login = staff::login_from(&login);
    let refused = |problem: &str| LoginPage {
        token: String::new(),
        login: login.clone(),
        signed_out: false,
        problem: Some(problem.to_owned()),
    };
    let cookie = req.cookie(FORM_COOKIE).map(|cookie| cookie.value().to_owned());
    if !equal(&csrf, &cookie.unwrap_or_default()) {
        let page = refused("页面开得太久，请再登录一次");
        return login_page(&app, &req, StatusCode::FORBIDDEN, page).await;
    }
    let address = address_of(&req);
    let now = app.clock.now_at();
    let whom = Whom::liaison(&login);
    let subjects = Subjects::new(Kind::Password, &whom, &device::origin_of(&app, &req, &whom));
    let typed_login = login.clone();
    let find = move |db: &mut Db| Ok(liaison::by_login(db, &typed_login)?.filter(|one| one.active));
    let until = match entry::try_password(&app, &subjects, password, find).await? {
        Tried::Right(one) => return let_in(&app, &req, one, &subjects, address).await,
        Tried::Wait(until) => Some(until),
        Tried::Wrong => None,
    };
    app.metrics.sign_ins_refused.inc();
    let Some(until) = until else {
        let page = refused("登录名或密码不对，请核对后再试");
        return login_page(&app, &req, StatusCode::UNPROCESSABLE_ENTITY, page).await;
    };
    let how_long = guard::wait_in_words(until, now);
    let page = refused(&format!("连续输错的次数太多，请 {how_long}后再试。忘记密码请打电话给中心"));
    let mut answer = login_page(&app, &req, StatusCode::TOO_MANY_REQUESTS, page).await?;
    phone::retry_after(&mut answer, (until - now).num_seconds());
    Ok(answer)
}

async fn let_in(
    app: &App,
    req: &HttpRequest,
    one: Liaison,
    subjects: &Subjects,
    address: String,
) -> AppResult<HttpResponse> {
    let agent = req.headers().get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let new = NewSession::new(address, agent)?;
    let cookie = new.cookie_named(COOKIE, &app.config);
    let before = req.cookie(COOKIE).map(|cookie| hash_of(cookie.value()));
    let (subjects, whom) = (subjects.clone(), Whom::liaison(&one.login));
    let first = if one.own_password { "/l" } else { "/l/password" };
    let by = Actor::program(&format!("联络员 {}", one.name), &one.office_code);
    let scope = Scope::of(&one.office_code);
    app.act((by, scope), "liaison signs in", move |act| {
        guard::succeeded(act.db, &subjects, act.now)?;
        if let Some(before) = &before {
            session::revoke(act.db, before, act.now)?;
        }
        begin(act.db, &one, &new, act.now)?;
        liaison::signed_in(act.db, one.id, act.now)?;
        act.audit(AuditEntry::of(
            "signed_in",
            &one.name,
            format!("联络员{}（{}）登录", one.name, one.where_at()),
        ))
    })
    .await?;
    let mut answer = phone::to(first);
    if let Err(error) = answer.add_cookie(&cookie) {
        tracing::error!(%error, "a cookie cannot be written");
    }
    phone::set_cookie(&mut answer, app, (FORM_COOKIE, String::new()), 0);
    device::remember(app, req, &mut answer, &whom)?;
    Ok(answer)
}

/// `POST /l/logout`
pub async fn sign_out(
    app: web::Data<App>,
    me: LiaisonIn,
    _checked: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let now = app.clock.now_at();
    app.write("liaison signs out", move |db| session::revoke(db, &me.session, now)).await?;
    let mut answer = phone::to("/l/login?out=1");
    phone::set_cookie(&mut answer, &app, (COOKIE, String::new()), 0);
    Ok(answer)
}
