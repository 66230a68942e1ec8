//! `/l/password`: a liaison chooses a password of their own; before that they see no sheet.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::book::audit_log::AuditEntry;
use crate::book::liaison;
use crate::error::{AppError, AppResult};
use crate::plumbing::password;
use crate::web::fields::Fields;
use crate::web::session;
use crate::web::session::entry::{self, Tried};
use crate::web::session::guard::{self, Kind, Origin, Subjects, Whom};
use crate::web::session::liaison::{LiaisonForm, LiaisonIn};
use crate::web::shell::phone;

/// What `l/password.html` shows.
#[derive(Debug, Serialize)]
struct PasswordPage {
    first: bool,
    problem: Option<(&'static str, String)>,
}

fn page(
    status: StatusCode,
    app: &App,
    me: &LiaisonIn,
    req: &HttpRequest,
    problem: Option<(&'static str, String)>,
) -> AppResult<HttpResponse> {
    let page = PasswordPage { first: !me.account.own_password, problem };
    phone::page_for(status, app, req, (&me.office, &me.csrf), "l/password.html", &page)
}

/// `GET /l/password`
pub async fn show(app: web::Data<App>, me: LiaisonIn, req: HttpRequest) -> AppResult<HttpResponse> {
    std::future::ready(()).await;
    page(StatusCode::OK, &app, &me, &req, None)
}

/// `POST /l/password`: ends the other sessions of this liaison.
pub async fn change(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let (old, new) = (form.0.secret("old"), form.0.secret("new"));
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    let mut one = me.account.clone();
    let now = app.clock.now_at();
    let subjects = Subjects::new(Kind::OldPassword, &Whom::liaison(&one.login), &Origin::Session);
    let own = one.clone();
    let problem = match entry::try_password(&app, &subjects, old.clone(), |_| Ok(Some(own))).await?
    {
        Tried::Right(_) => None,
        Tried::Wrong => Some("现在的密码不对，请再输一次".to_owned()),
        Tried::Wait(until) => {
            let how_long = guard::wait_in_words(until, now);
            Some(format!("连续输错的次数太多，请 {how_long}后再试"))
        }
    };
    if let Some(problem) = problem {
        return page(bad, &app, &me, &req, Some(("old", problem)));
    }
    app.write("old password right", move |db| guard::succeeded(db, &subjects, now)).await?;
    if new == old {
        let problem = ("new", "新密码和现在的一样，请换一个".to_owned());
        return page(bad, &app, &me, &req, Some(problem));
    }
    if let Err(weak) = password::check(&new, &one.login, &one.name) {
        return page(bad, &app, &me, &req, Some(("new", weak.in_words().to_owned())));
    }
    one.password_hash = app.passwords.hash(new).await?;
    one.own_password = true;
    let own = me.session.clone();
    let done = app.act((me.by(), me.scope.clone()), "liaison password", move |act| {
        liaison::change(act.db, &act.parts.sealer, &one)?;
        session::end_all(act.db, one.id, Some(&own), act.now)?;
        let note = AuditEntry::of(
            "password_changed",
            &one.name,
            format!("联络员{}改了自己的密码", one.name),
        );
        act.audit(note)
    });
    match done.await {
        Ok(()) => Ok(phone::to("/l")),
        Err(AppError::Changed) => {
            let problem = ("old", "账号刚被中心改过，请再试一次".to_owned());
            page(StatusCode::CONFLICT, &app, &me, &req, Some(problem))
        }
        Err(other) => Err(other),
    }
}
