//! What an administrator does to somebody's account: a new password, may sign in or not, signed
//! out everywhere. Never one's own: that needs the old password, or somebody else.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{again, record, url};
use crate::app::App;
use crate::base::ids::StaffId;
use crate::book::staff;
use crate::error::{AppError, AppResult};
use crate::plumbing::password;
use crate::web::form::CsrfForm;
use crate::web::session::{self, SignedIn};
use crate::web::shell;

/// A password set for somebody.
#[derive(Deserialize)]
pub struct SetPassword {
    password: String,
    version: i32,
}

/// `POST /admin/staff/{id}/password`: ends all sessions of that person.
pub async fn set_password(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: CsrfForm<SetPassword>,
) -> AppResult<HttpResponse> {
    let (id, form) = (*id, form.0);
    let scope = me.scope.clone();
    let mut one = app.read(move |db| staff::find(db, &scope, id)).await?;
    if id == me.staff_id {
        return Err(AppError::refused("自己的密码请在“我的账号与密码”里改，要先输入现在的密码"));
    }
    if let Err(weak) = password::check(&form.password, &one.login, &one.name) {
        let error = AppError::field("password", weak.in_words());
        return again(&app, &me, &req, id, error, None).await;
    }
    one.password_hash = app.passwords.hash(form.password).await?;
    one.version = form.version;
    let (subject, now) = (one.name.clone(), app.clock.now_at());
    let summary = format!("重设了{subject}的密码，结束其全部登录");
    let result = record(&app, &me, "password_changed", &subject, summary, move |db| {
        staff::change(db, &one)?;
        session::end_all(db, one.id, None, now).map(|_| ())
    });
    match result.await {
        Ok(()) => shell::done(&app, &url(id), "密码已重设，请当面告诉本人，并请其登录后自己再改"),
        Err(error) => again(&app, &me, &req, id, error, None).await,
    }
}

/// Whether somebody may sign in.
#[derive(Deserialize)]
pub struct SetState {
    state: String,
    version: i32,
}

/// `POST /admin/staff/{id}/state`: `disabled` ends all sessions, too.
pub async fn set_state(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<StaffId>,
    form: CsrfForm<SetState>,
) -> AppResult<HttpResponse> {
    let (id, active) = (*id, form.0.state == "active");
    if id == me.staff_id {
        return Err(AppError::refused("不能停用自己的账号，请另一位管理员来办"));
    }
    let scope = me.scope.clone();
    let mut one = app.read(move |db| staff::find(db, &scope, id)).await?;
    one.active = active;
    one.version = form.0.version;
    let (subject, now) = (one.name.clone(), app.clock.now_at());
    let (action, word) =
        if active { ("staff_enabled", "启用") } else { ("staff_disabled", "停用") };
    let summary = format!("{word}{subject}的账号");
    let result = record(&app, &me, action, &subject, summary.clone(), move |db| {
        staff::change(db, &one)?;
        if !active {
            session::end_all(db, one.id, None, now)?;
        }
        Ok(())
    });
    match result.await {
        Ok(()) => shell::done(&app, &url(id), &format!("已{summary}")),
        Err(error) => again(&app, &me, &req, id, error, None).await,
    }
}

/// Nothing but the token.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// `POST /admin/staff/{id}/sessions`: signs somebody out everywhere.
pub async fn end_sessions(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<StaffId>,
    _checked: CsrfForm<Nothing>,
) -> AppResult<HttpResponse> {
    let (id, scope) = (*id, me.scope.clone());
    let one = app.read(move |db| staff::find(db, &scope, id)).await?;
    let (now, own) = (app.clock.now_at(), me.session.clone());
    let summary = format!("结束{}的全部登录", one.name);
    record(&app, &me, "sessions_ended", &one.name, summary, move |db| {
        session::end_all(db, id, Some(&own), now).map(|_| ())
    })
    .await?;
    shell::done(&app, &url(id), "已结束登录")
}
