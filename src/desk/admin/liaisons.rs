//! `/admin/liaisons`: the desk's pages about liaisons. Accounts are made by the office; amounts are
//! shown to a liaison only when the director has allowed it, by name.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Choice;
use super::account::{self, Account as _, Change};
use crate::app::App;
use crate::base::dates::minute;
use crate::base::ids::LiaisonId;
use crate::base::phone_number::PhoneNumber;
use crate::book::liaison::{self, Kind, Liaison};
use crate::book::staff::{self, Right};
use crate::desk::release;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::password;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;
use crate::web::shell;

fn kinds() -> Vec<Choice> {
    Choice::all(Kind::ALL)
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

/// The form for a new liaison.
#[derive(Debug, Serialize)]
struct NewPage {
    kinds: Vec<Choice>,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "desk/liaison_new.html";
    const REFUSED_AT: &'static str = "login";
}

/// `GET /admin/liaisons/new`
pub async fn new(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &NewPage { kinds: kinds() })
}

/// `POST /admin/liaisons`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = try_add(at, &mut form).await;
    answer(at, &form, done, async { Ok(NewPage { kinds: kinds() }) }).await
}

async fn try_add(at: At<'_>, form: &mut Fields) -> AppResult<Done> {
    let (app, me, _) = at;
    let text = |form: &Fields, name: &str| form.get(name).to_owned();
    let (login, name) = (staff::login_from(form.get("login")), text(form, "name"));
    form.reject_all(staff::check(&login, &name));
    let kind = form.choice("kind", Kind::from_text, "请选联络员在哪里工作");
    let (township, place) = (text(form, "township"), text(form, "place"));
    if place.is_empty() {
        form.reject("place", "请写村（社区）、学校或派出所的名称，和档案里的写法一样");
    }
    if kind == Some(Kind::Village) && township.is_empty() {
        form.reject("township", "村（社区）的联络员请写乡镇（街道），不同乡镇会有同名的村");
    }
    let number = phone(form);
    let password = form.secret("password");
    if let Err(weak) = password::check(&password, &login, &name) {
        form.reject("password", weak.in_words());
    }
    form.check()?;
    let kind = kind.ok_or(AppError::NotFound)?;
    let place = known_place(app, me, kind, (&township, &place)).await?;
    let seal = |number: &PhoneNumber| app.sealer.seal(Field::Phone, number.as_str().as_bytes());
    let new = Liaison {
        id: LiaisonId::new(app.next_id()),
        office_code: me.office.code.clone(),
        kind,
        township: if kind == Kind::Village { township } else { String::new() },
        place,
        login,
        name,
        phone_sealed: number.as_ref().map(seal).transpose()?,
        phone_mask: number.as_ref().map(PhoneNumber::masked).unwrap_or_default(),
        password_hash: app.passwords.hash(password).await?,
        own_password: false,
        active: true,
        amounts_allowed_by: String::new(),
        created_at: app.clock.now_at(),
        created_by: me.name.clone(),
        last_signed_in_at: None,
        version: 1,
    };
    let sentence = format!("已添加联络员 {}，请当面或打电话告诉登录名和密码", new.name);
    let summary = format!("添加联络员{}（{}）", new.name, new.where_at());
    account::add(at, new, summary).await?;
    Ok(Done::to("/admin/liaisons", sentence))
}

/// Their telephone; it may be left out.
fn phone(form: &mut Fields) -> Option<PhoneNumber> {
    match form.get("phone") {
        "" => None,
        text => match PhoneNumber::parse(text) {
            Ok(number) => Some(number),
            Err(problem) => {
                form.reject("phone", problem.to_chinese());
                None
            }
        },
    }
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
        let message = format!("档案里没有“{town}{place}”，走访表到不了那里；请照档案里的写法填");
        AppError::field("place", message)
    })
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
    /// `14:05`: until then phones that do not know them have to wait.
    shut_until: String,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "desk/liaison.html";
    const REFUSED_AT: &'static str = "name";
    const CHANGED: &'static str = "";

    fn fields(&self) -> Fields {
        Fields::default().with("name", &self.name)
    }
}

async fn one_page(app: &App, me: &SignedIn, id: LiaisonId) -> AppResult<OnePage> {
    let (scope, now) = (me.scope.clone(), app.clock.now_at());
    let (one, shut_until) = app
        .read(move |db| {
            let one = liaison::find(db, &scope, id)?;
            let shut_until = release::shut_until(db, &one.whom(), now)?;
            Ok((one, shut_until))
        })
        .await?;
    Ok(OnePage {
        shut_until,
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
        may_allow: me.may(Right::AllowAmounts),
        created: minute(one.created_at),
        created_by: one.created_by,
        last_signed_in: one.last_signed_in_at.map(minute),
    })
}

/// `GET /admin/liaisons/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &one_page(&app, &me, *id).await?)
}

/// `POST /admin/liaisons/{id}`: name, and whether they may sign in; `disabled` ends all sessions.
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let (name, active) = (form.0.get("name").to_owned(), form.0.get("state") == "active");
    let done = account::edit::<Liaison>(at, *id, &form.0, move |one| {
        let errors = staff::check(&one.login, &name);
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let word = match (active, one.active) {
            (true, false) => "启用",
            (false, true) => "停用",
            _ => "修改",
        };
        let summary = format!("{word}联络员{}（{}）", one.name, one.where_at());
        (one.name, one.active) = (name.clone(), active);
        Ok(Change { ends_sessions: !active, ..Change::new("liaison_changed", summary) })
    })
    .await;
    answer(at, &form.0, done, one_page(&app, &me, *id)).await
}

/// `POST /admin/liaisons/{id}/password`: ends all sessions; they choose their own next time.
pub async fn set_password(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let sentence = "密码已重设，对方登录后要先换成自己的密码";
    let done = account::set_password::<Liaison>(at, *id, &form, sentence).await;
    answer(at, &form.0, done, one_page(&app, &me, *id)).await
}

/// `POST /admin/liaisons/{id}/amounts`: the director allows amounts, or takes that back.
pub async fn set_amounts(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<LiaisonId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let (allowed, by) = (form.0.get("amounts") == "yes", me.name.clone());
    let done = account::edit::<Liaison>(at, *id, &form.0, move |one| {
        one.amounts_allowed_by = if allowed { by.clone() } else { String::new() };
        let summary = match allowed {
            true => format!("允许联络员{}看金额", one.name),
            false => format!("不再让联络员{}看金额", one.name),
        };
        Ok(Change::new("liaison_amounts", summary))
    })
    .await;
    answer(at, &form.0, done, one_page(&app, &me, *id)).await
}
