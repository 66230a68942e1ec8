//! `/admin/liaisons`: the desk's pages about liaisons. Accounts are made by the office; amounts are
//! shown to a liaison only when the director has allowed it, by name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates::minute;
use crate::base::ids::LiaisonId;
use crate::base::phone_number::PhoneNumber;
use crate::book::history::{self, Note};
use crate::book::liaison::{self, Kind, Liaison};
use crate::book::staff;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::password;
use crate::web::form::CsrfForm;
use crate::web::session::{self, SignedIn};
use crate::web::shell;

/// Something to choose from, for the macro `choice`.
#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
}

fn kinds() -> Vec<Choice> {
    Kind::ALL.iter().map(|kind| Choice { value: kind.as_text(), text: kind.in_words() }).collect()
}

/// One liaison as a line of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: i64,
    name: String,
    login: String,
    kind: &'static str,
    place: String,
    phone: String,
    active: bool,
    amounts: bool,
    last_signed_in: Option<String>,
}

#[derive(Debug, Serialize)]
struct ListPage {
    people: Vec<Line>,
    active: usize,
}

/// `GET /admin/liaisons`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let people = app.read(move |db| liaison::all(db, &scope)).await?;
    let page = ListPage {
        active: people.iter().filter(|one| one.active).count(),
        people: people.iter().map(line).collect(),
    };
    shell::page(&app, &me, &req, "desk/liaisons.html", page)
}

fn line(one: &Liaison) -> Line {
    Line {
        id: one.id.get(),
        name: one.name.clone(),
        login: one.login.clone(),
        kind: one.kind.in_words(),
        place: one.where_at(),
        phone: one.phone_mask.clone(),
        active: one.active,
        amounts: !one.amounts_allowed_by.is_empty(),
        last_signed_in: one.last_signed_in_at.map(minute),
    }
}

/// The form for a new liaison; what was typed goes back to the page but the password.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct NewLiaison {
    kind: String,
    township: String,
    place: String,
    name: String,
    login: String,
    phone: String,
    #[serde(skip_serializing)]
    password: String,
}

#[derive(Debug, Serialize)]
struct NewPage {
    typed: NewLiaison,
    kinds: Vec<Choice>,
    errors: Vec<FieldError>,
}

/// `GET /admin/liaisons/new`
pub async fn new(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    std::future::ready(()).await;
    let page = NewPage { typed: NewLiaison::default(), kinds: kinds(), errors: Vec::new() };
    shell::page(&app, &me, &req, "desk/liaison_new.html", page)
}

/// `POST /admin/liaisons`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: CsrfForm<NewLiaison>,
) -> AppResult<HttpResponse> {
    match try_add(&app, &me, &form.0).await {
        Ok(name) => {
            let said = format!("已添加联络员 {name}，请当面或打电话告诉登录名和密码");
            shell::done(&app, "/admin/liaisons", &said)
        }
        Err(AppError::Invalid(errors)) => {
            let page = NewPage { typed: form.0, kinds: kinds(), errors };
            shell::refused(&app, &me, &req, "desk/liaison_new.html", page)
        }
        Err(other) => Err(other),
    }
}

async fn try_add(app: &App, me: &SignedIn, form: &NewLiaison) -> AppResult<String> {
    let trim = |text: &str| text.trim().to_owned();
    let (login, name) = (staff::login_from(&form.login), trim(&form.name));
    let mut errors = staff::check(&login, &name);
    let kind = Kind::from_text(&form.kind);
    if kind.is_none() {
        errors.push(wrong("kind", "请选联络员在哪里工作"));
    }
    let (township, place) = (trim(&form.township), trim(&form.place));
    if place.is_empty() {
        errors.push(wrong("place", "请写村（社区）、学校或派出所的名称，和档案里的写法一样"));
    }
    if kind == Some(Kind::Village) && township.is_empty() {
        errors.push(wrong("township", "村（社区）的联络员请写乡镇（街道），不同乡镇会有同名的村"));
    }
    let number = match form.phone.trim() {
        "" => None,
        text => match PhoneNumber::parse(text) {
            Ok(number) => Some(number),
            Err(problem) => {
                errors.push(wrong("phone", problem.to_chinese()));
                None
            }
        },
    };
    if let Err(weak) = password::check(&form.password, &login, &name) {
        errors.push(wrong("password", weak.in_words()));
    }
    let (Some(kind), true) = (kind, errors.is_empty()) else {
        return Err(AppError::Invalid(errors));
    };
    let place = known_place(app, me, kind, (&township, &place)).await?;
    let seal = |number: &PhoneNumber| app.sealer.seal(Field::Phone, number.as_str().as_bytes());
    let made = Liaison {
        id: LiaisonId::new(app.next_id()),
        office_code: me.office.code.clone(),
        kind,
        township: if kind == Kind::Village { township } else { String::new() },
        place,
        login,
        name,
        phone_sealed: number.as_ref().map(seal).transpose()?,
        phone_mask: number.as_ref().map(PhoneNumber::masked).unwrap_or_default(),
        password_hash: app.passwords.hash(form.password.clone()).await?,
        own_password: false,
        active: true,
        amounts_allowed_by: String::new(),
        created_at: app.clock.now_at(),
        created_by: me.name.clone(),
        last_signed_in_at: None,
        version: 1,
    };
    let name = made.name.clone();
    let summary = format!("添加联络员{}（{}）", made.name, made.where_at());
    record(app, me, ("liaison_added", &name), summary, move |db| liaison::add(db, &made)).await?;
    Ok(name)
}

/// The place as the lists write it, or one sentence that there is none.
async fn known_place(
    app: &App,
    me: &SignedIn,
    kind: Kind,
    (township, place): (&str, &str),
) -> AppResult<String> {
    let (scope, town, typed) = (me.scope.clone(), township.to_owned(), place.to_owned());
    let found = app.read(move |db| liaison::place_named(db, &scope, kind, (&town, &typed))).await?;
    found.ok_or_else(|| {
        let town = if kind == Kind::Village { township } else { "" };
        let said = format!("档案里没有“{town}{place}”，走访表到不了那里；请照档案里的写法填");
        AppError::field("place", said)
    })
}

fn wrong(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// One write with its line of history.
async fn record(
    app: &App,
    me: &SignedIn,
    (action, subject): (&'static str, &str),
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
struct OnePage {
    id: i64,
    version: i32,
    login: String,
    name: String,
    kind: &'static str,
    place: String,
    phone: String,
    active: bool,
    own_password: bool,
    amounts_allowed_by: String,
    may_allow: bool,
    created: String,
    created_by: String,
    last_signed_in: Option<String>,
    changed_meanwhile: bool,
    errors: Vec<FieldError>,
}

async fn one_page(app: &App, me: &SignedIn, id: LiaisonId) -> AppResult<OnePage> {
    let scope = me.scope.clone();
    let one = app.read(move |db| liaison::find(db, &scope, id)).await?;
    Ok(OnePage {
        id: one.id.get(),
        version: one.version,
        place: one.where_at(),
        login: one.login,
        name: one.name,
        kind: one.kind.in_words(),
        phone: one.phone_mask,
        active: one.active,
        own_password: one.own_password,
        amounts_allowed_by: one.amounts_allowed_by,
        may_allow: me.may(crate::book::staff::Right::AllowAmounts),
        created: minute(one.created_at),
        created_by: one.created_by,
        last_signed_in: one.last_signed_in_at.map(minute),
        changed_meanwhile: false,
        errors: Vec::new(),
    })
}

/// `GET /admin/liaisons/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
) -> AppResult<HttpResponse> {
    let page = one_page(&app, &me, *id).await?;
    shell::page(&app, &me, &req, "desk/liaison.html", page)
}

/// Name and whether they may sign in, and the version they were read at.
#[derive(Deserialize)]
pub struct Changed {
    name: String,
    state: String,
    version: i32,
}

/// `POST /admin/liaisons/{id}`: `disabled` ends all sessions, too.
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: CsrfForm<Changed>,
) -> AppResult<HttpResponse> {
    let (id, form, scope) = (*id, form.0, me.scope.clone());
    let mut one = app.read(move |db| liaison::find(db, &scope, id)).await?;
    let name = form.name.trim().to_owned();
    let errors = staff::check(&one.login, &name);
    if !errors.is_empty() {
        return again(&app, &me, &req, id, AppError::Invalid(errors)).await;
    }
    let active = form.state == "active";
    let word = match (active, one.active) {
        (true, false) => "启用",
        (false, true) => "停用",
        _ => "修改",
    };
    let summary = format!("{word}联络员{}（{}）", one.name, one.where_at());
    let (subject, now) = (one.name.clone(), app.clock.now_at());
    (one.name, one.active, one.version) = (name, active, form.version);
    let done = record(&app, &me, ("liaison_changed", &subject), summary.clone(), move |db| {
        liaison::change(db, &one)?;
        if !active {
            session::end_all(db, one.id, None, now)?;
        }
        Ok(())
    });
    match done.await {
        Ok(()) => shell::done(&app, &url(id), &format!("已{summary}")),
        Err(error) => again(&app, &me, &req, id, error).await,
    }
}

/// A password set for a liaison.
#[derive(Deserialize)]
pub struct SetPassword {
    password: String,
    version: i32,
}

/// `POST /admin/liaisons/{id}/password`: ends all sessions; they choose their own next time.
pub async fn set_password(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: CsrfForm<SetPassword>,
) -> AppResult<HttpResponse> {
    let (id, form, scope) = (*id, form.0, me.scope.clone());
    let mut one = app.read(move |db| liaison::find(db, &scope, id)).await?;
    if let Err(weak) = password::check(&form.password, &one.login, &one.name) {
        let error = AppError::field("password", weak.in_words());
        return again(&app, &me, &req, id, error).await;
    }
    one.password_hash = app.passwords.hash(form.password).await?;
    one.own_password = false;
    one.version = form.version;
    let (subject, now) = (one.name.clone(), app.clock.now_at());
    let summary = format!("重设了联络员{subject}的密码，结束其全部登录");
    let done = record(&app, &me, ("password_changed", &subject), summary, move |db| {
        liaison::change(db, &one)?;
        session::end_all(db, one.id, None, now).map(|_| ())
    });
    match done.await {
        Ok(()) => shell::done(&app, &url(id), "密码已重设，对方登录后要先换成自己的密码"),
        Err(error) => again(&app, &me, &req, id, error).await,
    }
}

/// Whether amounts are shown.
#[derive(Deserialize)]
pub struct SetAmounts {
    amounts: String,
    version: i32,
}

/// `POST /admin/liaisons/{id}/amounts`: the director allows amounts, or takes that back.
pub async fn set_amounts(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: CsrfForm<SetAmounts>,
) -> AppResult<HttpResponse> {
    let (id, form, scope) = (*id, form.0, me.scope.clone());
    let mut one = app.read(move |db| liaison::find(db, &scope, id)).await?;
    let allowed = form.amounts == "yes";
    one.amounts_allowed_by = if allowed { me.name.clone() } else { String::new() };
    one.version = form.version;
    let subject = one.name.clone();
    let summary = match allowed {
        true => format!("允许联络员{subject}看金额"),
        false => format!("不再让联络员{subject}看金额"),
    };
    let done = record(&app, &me, ("liaison_amounts", &subject), summary.clone(), move |db| {
        liaison::change(db, &one)
    });
    match done.await {
        Ok(()) => shell::done(&app, &url(id), &format!("已{summary}")),
        Err(error) => again(&app, &me, &req, id, error).await,
    }
}

fn url(id: LiaisonId) -> String {
    format!("/admin/liaisons/{id}")
}

/// The page again with what is wrong: 422, or 409 when somebody saved first.
async fn again(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    id: LiaisonId,
    error: AppError,
) -> AppResult<HttpResponse> {
    let mut page = one_page(app, me, id).await?;
    let status = match error {
        AppError::Invalid(errors) => {
            page.errors = errors;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        AppError::Changed => {
            page.changed_meanwhile = true;
            StatusCode::CONFLICT
        }
        other => return Err(other),
    };
    shell::page_as(status, app, me, req, "desk/liaison.html", page)
}
