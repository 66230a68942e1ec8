//! `/admin`: accounts of staff. Nobody disables themself or changes their own role, somebody who
//! can manage accounts always remains, and every change is written down.

pub mod account;
pub mod liaisons;
pub mod office;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::me as own;
use crate::app::App;
use crate::base::dates::minute;
use crate::base::ids::StaffId;
use crate::book::history::{self, Note};
use crate::book::office::Office;
use crate::book::staff::{self, Role, Staff};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::db::Db;
use crate::plumbing::password;
use crate::web::form::CsrfForm;
use crate::web::session::{self, Realm as _, SignedIn};
use crate::web::shell;

/// Something to choose from, for the macro `choice`.
#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
}

fn roles() -> Vec<Choice> {
    Role::ALL.iter().map(|role| Choice { value: role.as_text(), text: role.in_words() }).collect()
}

/// One account as a line of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: i64,
    login: String,
    name: String,
    role: &'static str,
    active: bool,
    own: bool,
    last_signed_in: Option<String>,
}

#[derive(Debug, Serialize)]
struct ListPage {
    office: Office,
    people: Vec<Line>,
    active: usize,
}

/// `GET /admin`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let people = app.read(move |db| staff::all(db, &scope)).await?;
    let line = |one: &Staff| Line {
        id: one.id.get(),
        login: one.login.clone(),
        name: one.name.clone(),
        role: one.role.in_words(),
        active: one.active,
        own: one.id == me.staff_id,
        last_signed_in: one.last_signed_in_at.map(minute),
    };
    let page = ListPage {
        office: me.office.clone(),
        active: people.iter().filter(|one| one.active).count(),
        people: people.iter().map(line).collect(),
    };
    shell::page(&app, &me, &req, "desk/admin.html", page)
}

/// The form for a new account.
#[derive(Deserialize)]
pub struct NewStaff {
    login: String,
    name: String,
    role: String,
    password: String,
}

#[derive(Debug, Serialize)]
struct NewPage {
    login: String,
    name: String,
    role: String,
    roles: Vec<Choice>,
    errors: Vec<FieldError>,
}

/// `GET /admin/staff/new`
pub async fn new(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    std::future::ready(()).await;
    let page = NewPage {
        login: String::new(),
        name: String::new(),
        role: Role::Clerk.as_text().to_owned(),
        roles: roles(),
        errors: Vec::new(),
    };
    shell::page(&app, &me, &req, "desk/staff_new.html", page)
}

/// `POST /admin/staff`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<NewStaff>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let result = try_add(&app, &me, &form).await;
    let errors = match result {
        Ok(name) => return shell::done(&app, "/admin", &format!("已添加 {name}")),
        Err(AppError::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let NewStaff { login, name, role, .. } = form;
    let page = NewPage { login, name, role, roles: roles(), errors };
    shell::refused(&app, &me, &req, "desk/staff_new.html", page)
}

async fn try_add(app: &App, me: &SignedIn, form: &NewStaff) -> AppResult<String> {
    let (login, name) = (staff::login_from(&form.login), form.name.trim().to_owned());
    let mut errors = staff::check(&login, &name);
    let role = Role::from_text(&form.role);
    if role.is_none() {
        errors.push(field("role", "角色还没有选"));
    }
    if let Err(weak) = password::check(&form.password, &login, &name) {
        errors.push(field("password", weak.in_words()));
    }
    let (Some(role), true) = (role, errors.is_empty()) else {
        return Err(AppError::Invalid(errors));
    };
    let made = Staff {
        id: StaffId::new(app.next_id()),
        office_code: me.office.code.clone(),
        login,
        name,
        role,
        password_hash: app.passwords.hash(form.password.clone()).await?,
        active: true,
        created_at: app.clock.now_at(),
        last_signed_in_at: None,
        version: 1,
    };
    let name = made.name.clone();
    let summary = format!("添加{}（{}），{}", made.name, made.login, made.role.in_words());
    record(app, me, "staff_added", &name, summary, move |db| staff::add(db, &made)).await?;
    Ok(name)
}

fn field(name: &str, message: &str) -> FieldError {
    FieldError { field: name.to_owned(), message: message.to_owned() }
}

/// One write with its line of history.
async fn record(
    app: &App,
    me: &SignedIn,
    action: &'static str,
    subject: &str,
    summary: String,
    change: impl Fn(&mut Db) -> AppResult<()> + Send + 'static,
) -> AppResult<()> {
    let (id, at, by) = (app.next_id(), app.clock.now_at(), me.by());
    let note = Note { action, subject: subject.to_owned(), summary, ..Note::default() };
    app.write(action, move |db| {
        change(db)?;
        history::note(db, &by, id, at, note.clone())
    })
    .await
}

#[derive(Debug, Serialize)]
struct StaffPage {
    id: i64,
    version: i32,
    login: String,
    name: String,
    role: String,
    role_in_words: &'static str,
    active: bool,
    own: bool,
    changed_meanwhile: bool,
    created: String,
    last_signed_in: Option<String>,
    roles: Vec<Choice>,
    sessions: Vec<own::SessionLine>,
    errors: Vec<FieldError>,
}

async fn staff_page(app: &App, me: &SignedIn, id: StaffId) -> AppResult<StaffPage> {
    let (scope, now, config) = (me.scope.clone(), app.clock.now_at(), app.config.clone());
    let (one, sessions) = app
        .read(move |db| {
            Ok((
                staff::find(db, &scope, id)?,
                session::living(db, id, SignedIn::idle(&config), now)?,
            ))
        })
        .await?;
    Ok(StaffPage {
        id: one.id.get(),
        version: one.version,
        login: one.login,
        name: one.name,
        role: one.role.as_text().to_owned(),
        role_in_words: one.role.in_words(),
        active: one.active,
        own: one.id == me.staff_id,
        changed_meanwhile: false,
        created: minute(one.created_at),
        last_signed_in: one.last_signed_in_at.map(minute),
        roles: roles(),
        sessions: own::lines(&sessions, &me.session),
        errors: Vec::new(),
    })
}

/// `GET /admin/staff/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
) -> AppResult<HttpResponse> {
    let page = staff_page(&app, &me, *id).await?;
    shell::page(&app, &me, &req, "desk/staff.html", page)
}

/// Name and role, and the version they were read at.
#[derive(Deserialize)]
pub struct ChangedStaff {
    name: String,
    role: String,
    version: i32,
}

/// `POST /admin/staff/{id}`
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: CsrfForm<ChangedStaff>,
) -> AppResult<HttpResponse> {
    let (id, form) = (*id, form.0);
    match try_change(&app, &me, id, &form).await {
        Ok(()) => shell::done(&app, &url(id), "已保存"),
        Err(error) => again(&app, &me, &req, id, error, Some(form)).await,
    }
}

async fn try_change(app: &App, me: &SignedIn, id: StaffId, form: &ChangedStaff) -> AppResult<()> {
    let name = form.name.trim().to_owned();
    let scope = me.scope.clone();
    let mut one = app.read(move |db| staff::find(db, &scope, id)).await?;
    let mut errors = staff::check(&one.login, &name);
    let role = Role::from_text(&form.role);
    match role {
        None => errors.push(field("role", "角色还没有选")),
        Some(role) if id == me.staff_id && role != one.role => {
            errors.push(field("role", "自己的角色要请另一位管理员来改"));
        }
        Some(_) => {}
    }
    let (Some(role), true) = (role, errors.is_empty()) else {
        return Err(AppError::Invalid(errors));
    };
    let summary = match (one.name == name, one.role == role) {
        (true, true) => return Ok(()),
        (false, true) => format!("{}的姓名改为{name}", one.name),
        (true, false) => {
            format!("{}的角色由{}改为{}", one.name, one.role.in_words(), role.in_words())
        }
        (false, false) => format!("{}的姓名改为{name}，角色改为{}", one.name, role.in_words()),
    };
    let subject = one.name.clone();
    one.name = name;
    one.role = role;
    one.version = form.version;
    record(app, me, "staff_changed", &subject, summary, move |db| staff::change(db, &one)).await
}

fn url(id: StaffId) -> String {
    format!("/admin/staff/{id}")
}

/// The page again with what is wrong: 422, or 409 when somebody saved first. What was typed
/// stays; after a 409 the form carries the new version, so a second look and save is enough.
async fn again(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    id: StaffId,
    error: AppError,
    typed: Option<ChangedStaff>,
) -> AppResult<HttpResponse> {
    let mut page = staff_page(app, me, id).await?;
    let status = match error {
        AppError::Invalid(errors) => {
            page.errors = errors;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        AppError::Refused(why) => {
            page.errors = vec![field("role", &why)];
            StatusCode::UNPROCESSABLE_ENTITY
        }
        AppError::Changed => {
            page.changed_meanwhile = true;
            StatusCode::CONFLICT
        }
        other => return Err(other),
    };
    if let Some(typed) = typed {
        page.name = typed.name;
        page.role = typed.role;
    }
    shell::page_as(status, app, me, req, "desk/staff.html", page)
}
