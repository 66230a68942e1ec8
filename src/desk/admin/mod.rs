//! `/admin`: accounts of staff. Nobody disables themself or changes their own role, somebody who
//! can manage accounts always remains, and every change is written down.

pub mod account;
pub mod backups;
pub mod handover;
pub mod handover_undo;
pub mod liaisons;
mod lost;
pub mod office;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use self::account::{Account as _, Change};
use super::{me as own, release};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates::minute;
use crate::base::ids::StaffId;
use crate::book::office::Office;
use crate::book::staff::{self, Role, Staff};
use crate::book::warning::{self, Warning};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::visits::typesetter;
use crate::plumbing::db::Db;
use crate::plumbing::password;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::{self, Realm as _, SignedIn};
use crate::web::shell;

fn roles() -> Vec<Choice> {
    Choice::all(Role::ALL)
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
    /// What nobody may overlook who has no workbench.
    warnings: Vec<Warning>,
    people: Vec<Line>,
    active: usize,
    /// Papers can be had as one PDF.
    pdf: bool,
}

/// `GET /admin`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let read = move |db: &mut Db| {
        let warnings = warning::of_kind(db, scope.own(), warning::CODES)?;
        Ok((staff::all(db, &scope)?, warnings))
    };
    let (people, warnings) = app.read(read).await?;
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
        warnings,
        active: people.iter().filter(|one| one.active).count(),
        people: people.iter().map(line).collect(),
        pdf: typesetter::is_installed(),
    };
    shell::page(&app, &me, &req, "desk/admin.html", page)
}

/// The form for a new account.
#[derive(Debug, Serialize)]
struct NewPage {
    roles: Vec<Choice>,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "desk/staff_new.html";
    const REFUSED_AT: &'static str = "login";

    fn fields(&self) -> Fields {
        Fields::default().with("role", Role::Clerk.as_text())
    }
}

/// `GET /admin/staff/new`
pub async fn new(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &NewPage { roles: roles() })
}

/// `POST /admin/staff`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = try_add(at, &mut form).await;
    answer(at, &form, done, async { Ok(NewPage { roles: roles() }) }).await
}

async fn try_add(at: At<'_>, form: &mut Fields) -> AppResult<Done> {
    let (app, me, _) = at;
    let (login, name) = (staff::login_from(form.get("login")), form.get("name").to_owned());
    form.reject_all(staff::check(&login, &name));
    let role = form.choice("role", Role::from_text, "角色还没有选");
    let password = form.secret("password");
    if let Err(weak) = password::check(&password, &login, &name) {
        form.reject("password", weak.in_words());
    }
    form.check()?;
    let role = role.ok_or(AppError::NotFound)?;
    let new = Staff {
        id: StaffId::new(app.next_id()),
        office_code: me.office.code.clone(),
        login,
        name,
        role,
        password_hash: app.passwords.hash(password).await?,
        active: true,
        created_at: app.clock.now_at(),
        last_signed_in_at: None,
        version: 1,
    };
    let done = Done::to("/admin", format!("已添加 {}", new.name));
    let summary = format!("添加{}（{}），{}", new.name, new.login, role.in_words());
    account::add(at, new, summary).await?;
    Ok(done)
}

#[derive(Debug, Serialize)]
struct StaffPage {
    id: i64,
    version: i32,
    login: String,
    name: String,
    #[serde(skip)]
    role: Role,
    active: bool,
    own: bool,
    created: String,
    last_signed_in: Option<String>,
    roles: Vec<Choice>,
    sessions: Vec<own::SessionLine>,
    /// What they have to look after.
    load: handover::Load,
    /// What was handed over today; empty when nothing can be taken back.
    moved: String,
    /// `14:05`: until then browsers that do not know them have to wait.
    shut_until: String,
}

impl FormPage for StaffPage {
    const TEMPLATE: &'static str = "desk/staff.html";
    const REFUSED_AT: &'static str = "role";
    const CHANGED: &'static str = "";

    fn fields(&self) -> Fields {
        Fields::default().with("name", &self.name).with("role", self.role.as_text())
    }
}

async fn staff_page(app: &App, me: &SignedIn, id: StaffId) -> AppResult<StaffPage> {
    let (scope, now, config) = (me.scope.clone(), app.clock.now_at(), app.config.clone());
    let today = app.clock.today();
    let (one, sessions, shut_until, (load, moved)) = app
        .read(move |db| {
            let one = staff::find(db, &scope, id)?;
            let shut_until = release::shut_until(db, &one.whom(), now)?;
            let sessions = session::living(db, id, SignedIn::idle(&config), now)?;
            let moved = handover_undo::words(db, &scope, (id, today))?;
            Ok((one, sessions, shut_until, (handover::load(db, &scope, id)?, moved)))
        })
        .await?;
    Ok(StaffPage {
        id: one.id.get(),
        version: one.version,
        login: one.login,
        name: one.name,
        role: one.role,
        active: one.active,
        own: one.id == me.staff_id,
        created: minute(one.created_at),
        last_signed_in: one.last_signed_in_at.map(minute),
        roles: roles(),
        sessions: own::lines(&sessions, &me.session),
        load,
        moved,
        shut_until,
    })
}

/// `GET /admin/staff/{id}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &staff_page(&app, &me, *id).await?)
}

/// `POST /admin/staff/{id}`: name and role.
pub async fn change(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let (id, own, form) = (*id, me.staff_id, form.0);
    let (name, role) = (form.get("name").to_owned(), Role::from_text(form.get("role")));
    let done =
        account::edit::<Staff>(at, id, &form, move |one| rename(one, &name, role, one.id == own))
            .await;
    answer(at, &form, done, staff_page(&app, &me, id)).await
}

fn rename(one: &mut Staff, name: &str, role: Option<Role>, own: bool) -> AppResult<Change> {
    let mut errors = staff::check(&one.login, name);
    let mut reject = |message: &str| {
        errors.push(FieldError { field: "role".to_owned(), message: message.to_owned() });
    };
    match role {
        None => reject("角色还没有选"),
        Some(role) if own && role != one.role => reject("自己的角色要请另一位管理员来改"),
        Some(_) => {}
    }
    let (Some(role), true) = (role, errors.is_empty()) else {
        return Err(AppError::Invalid(errors));
    };
    let (old, was, is) = (&one.name, one.role.in_words(), role.in_words());
    let summary = match (old == name, one.role == role) {
        (true, true) => String::new(),
        (false, true) => format!("{old}的姓名改为{name}"),
        (true, false) => format!("{old}的角色由{was}改为{is}"),
        (false, false) => format!("{old}的姓名改为{name}，角色改为{is}"),
    };
    (one.name, one.role) = (name.to_owned(), role);
    Ok(Change { sentence: "已保存".to_owned(), ..Change::new("staff_changed", summary) })
}

/// `POST /admin/staff/{id}/password`: ends all sessions of that person. Never one's own: that needs
/// the old one, or somebody else.
pub async fn set_password(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: Form,
) -> AppResult<HttpResponse> {
    if *id == me.staff_id {
        return Err(AppError::refused("自己的密码请在“我的账号与密码”里改，要先输入现在的密码"));
    }
    let at: At<'_> = (&app, &me, &req);
    let sentence = "密码已重设，请当面告诉本人，并请其登录后自己再改";
    let done = account::set_password::<Staff>(at, *id, &form, sentence).await;
    answer(at, &form.0, done, staff_page(&app, &me, *id)).await
}

/// `POST /admin/staff/{id}/state`: whether they may sign in; `disabled` ends all sessions, too.
pub async fn set_state(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: Form,
) -> AppResult<HttpResponse> {
    if *id == me.staff_id {
        return Err(AppError::refused("不能停用自己的账号，请另一位管理员来办"));
    }
    let at: At<'_> = (&app, &me, &req);
    let active = form.0.get("state") == "active";
    if let Err(error) = ensure_handed_over(at, *id, active || form.0.has("sure")).await {
        return answer(at, &form.0, Err(error), staff_page(&app, &me, *id)).await;
    }
    let done = account::edit::<Staff>(at, *id, &form.0, move |one| {
        one.active = active;
        let (action, word) =
            if active { ("staff_enabled", "启用") } else { ("staff_disabled", "停用") };
        let change = Change::new(action, format!("{word}{}的账号", one.name));
        Ok(Change { ends_sessions: !active, ..change })
    })
    .await;
    answer(at, &form.0, done, staff_page(&app, &me, *id)).await
}

/// Nobody is disabled with families in their name, unless that is wanted.
async fn ensure_handed_over((app, me, _): At<'_>, id: StaffId, is_sure: bool) -> AppResult<()> {
    let scope = me.scope.clone();
    let load = app.read(move |db| handover::load(db, &scope, id)).await?;
    if is_sure || load.is_nothing() {
        return Ok(());
    }
    let words = format!("名下还有 {}，请先交接；确要现在停用，请勾选后再停用", load.in_words());
    Err(AppError::field("sure", words))
}

/// `POST /admin/staff/{id}/sessions`: signs somebody out everywhere.
pub async fn end_sessions(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<StaffId>,
    _checked: Form,
) -> AppResult<HttpResponse> {
    let (id, own) = (*id, me.session.clone());
    let to = me
        .act(&app, "end sessions", move |act| {
            let one = staff::find(act.db, act.scope, id)?;
            session::end_all(act.db, id, Some(&own), act.now)?;
            let summary = format!("结束{}的全部登录", one.name);
            account::audit(act, "sessions_ended", &one.name, &summary)?;
            Ok(one.url())
        })
        .await?;
    shell::done(&app, &to, "已结束登录")
}
