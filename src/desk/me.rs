//! `/me`: one's own password and the browsers one is signed in with.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::app::App;
use crate::base::dates::minute;
use crate::base::hex::hex;
use crate::book::staff;
use crate::desk::admin::account::audit;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::password;
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::entry::{self, Tried};
use crate::web::session::guard::{self, Kind, Origin, Subjects, Whom};
use crate::web::session::{self, Realm as _, Session, SignedIn};
use crate::web::shell;

/// What `desk/me.html` shows.
#[derive(Debug, Serialize)]
struct MePage {
    login: String,
    role: &'static str,
    sessions: Vec<SessionLine>,
}

impl FormPage for MePage {
    const TEMPLATE: &'static str = "desk/me.html";
    const REFUSED_AT: &'static str = "old";
}

/// One browser somebody is signed in with, as a line.
#[derive(Debug, Serialize)]
pub struct SessionLine {
    /// Names the session in forms; opens nothing.
    pub key: String,
    /// When they signed in, local time.
    pub since: String,
    /// Last click, local time.
    pub seen: String,
    pub address: String,
    /// `Chrome，Windows`
    pub browser: String,
    /// The one this page is shown in.
    pub own: bool,
}

/// The lines of some sessions; `own` is the hash of the reader's.
pub fn lines(all: &[Session], own: &[u8]) -> Vec<SessionLine> {
    all.iter()
        .map(|one| SessionLine {
            key: hex(&one.hash),
            since: minute(one.created_at),
            seen: minute(one.seen_at),
            address: one.address.clone(),
            browser: browser(&one.agent),
            own: one.hash == own,
        })
        .collect()
}

/// A browser in words a clerk knows; the order matters, since each claims to be the next.
fn browser(agent: &str) -> String {
    let pick = |table: &[(&str, &'static str)]| {
        table.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let program = pick(&[
        ("MicroMessenger", "微信"),
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = pick(&[
        ("Windows", "Windows"),
        ("Android", "安卓手机"),
        ("iPhone", "iPhone"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program}，{system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "其他程序".to_owned(),
    }
}

async fn page(app: &App, me: &SignedIn) -> AppResult<MePage> {
    let (staff_id, now, config) = (me.staff_id, app.clock.now_at(), app.config.clone());
    let all =
        app.read(move |db| session::living(db, staff_id, SignedIn::idle(&config), now)).await?;
    Ok(MePage {
        login: me.login.clone(),
        role: me.role.in_words(),
        sessions: lines(&all, &me.session),
    })
}

/// `GET /me`
pub async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page(&app, &me).await?)
}

/// `GET /me/stay`: a click that only keeps the session; how long it lasts now.
pub async fn stay(app: web::Data<App>, me: SignedIn) -> HttpResponse {
    std::future::ready(()).await;
    HttpResponse::Ok().json(serde_json::json!({ "ends_in_s": me.ends_in_s(&app) }))
}

/// `POST /me/password`: needs the old one, and ends all other sessions.
pub async fn change_password(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_change(at, &mut form).await;
    answer(at, &form, done, page(&app, &me)).await
}

async fn try_change((app, me, _): At<'_>, form: &mut Fields) -> AppResult<Done> {
    check_old(app, me, form).await?;
    let new = form.secret("new");
    if let Err(weak) = password::check(&new, &me.login, &me.name) {
        form.reject("new", weak.in_words());
    } else if new != form.secret("again") {
        form.reject("again", "两次输入的新密码不一样，请重输");
    }
    form.check()?;
    let password_hash = app.passwords.hash(new).await?;
    let (staff_id, own) = (me.staff_id, me.session.clone());
    me.act(app, "change password", move |act| {
        let mut one = staff::find(act.db, act.scope, staff_id)?;
        one.password_hash.clone_from(&password_hash);
        staff::change(act.db, &act.parts.sealer, &one)?;
        session::end_all(act.db, staff_id, Some(&own), act.now)?;
        let summary = format!("{}改了自己的密码", one.name);
        audit(act, "password_changed", &one.name, &summary)
    })
    .await?;
    Ok(Done::to("/me", "密码已改，其他浏览器上的登录已结束"))
}

/// The old password is guarded like a sign-in: an unattended desk must not be a place to guess.
async fn check_old(app: &App, me: &SignedIn, form: &mut Fields) -> AppResult<()> {
    let now = app.clock.now_at();
    let subjects = Subjects::new(Kind::OldPassword, &Whom::staff(&me.login), &Origin::Session);
    let (scope, staff_id) = (me.scope.clone(), me.staff_id);
    let find = move |db: &mut Db| staff::find(db, &scope, staff_id).map(Some);
    match entry::try_password(app, &subjects, form.secret("old"), find).await? {
        Tried::Right(_) => {
            app.write("old password right", move |db| guard::succeeded(db, &subjects, now)).await?;
        }
        Tried::Wrong => form.reject("old", "现在的密码不对，请重输"),
        Tried::Wait(until) => {
            let how_long = guard::wait_in_words(until, now);
            form.reject("old", format!("连续输错的次数太多，请 {how_long}后再试"));
        }
    }
    Ok(())
}

/// `POST /me/sessions`: ends one of one's own sessions by its key, or `others`: all but this.
pub async fn end_sessions(
    app: web::Data<App>,
    me: SignedIn,
    form: Form,
) -> AppResult<HttpResponse> {
    let (which, staff_id, own) = (form.0.get("end").to_owned(), me.staff_id, me.session.clone());
    me.act(&app, "end sessions", move |act| {
        let ended = if which == "others" {
            session::end_all(act.db, staff_id, Some(&own), act.now)?
        } else {
            let all = session::staff::hashes(act.db, staff_id)?;
            let hash = all.iter().find(|hash| hex(hash) == which).ok_or(AppError::NotFound)?;
            session::end(act.db, staff_id, hash, act.now)?
        };
        if ended == 0 {
            return Ok(());
        }
        let name = &act.by.name;
        let summary = format!("{name}结束了自己的 {ended} 个登录");
        audit(act, "sessions_ended", name, &summary)
    })
    .await?;
    shell::done(&app, "/me", "已结束登录")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/109.0.0.0 Safari/537.36 Edg/109.0";
        assert_eq!(browser(edge), "Edge，Windows");
        assert_eq!(browser("curl/8"), "其他程序");
    }
}
