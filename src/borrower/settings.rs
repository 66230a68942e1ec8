//! `/m/settings`: which messages are wanted, and on which phones the person is signed in.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::session::{self, BorrowerForm, BorrowerIn, Session};
use super::shell;
use super::wishes::{self, KINDS, Wish};
use crate::app::App;
use crate::book::contact::mask_email;
use crate::book::dates::local;
use crate::book::person;
use crate::error::AppResult;

/// One kind of message.
#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    name: &'static str,
    what: &'static str,
    sms: bool,
    email: bool,
}

/// One sign-in.
#[derive(Debug, Serialize)]
struct SignIn {
    since: String,
    seen: String,
    browser: &'static str,
    own: bool,
}

/// What `m/settings.html` shows.
#[derive(Debug, Serialize)]
struct SettingsPage {
    lines: Vec<Line>,
    /// The e-mail, masked; empty when none is known.
    email: String,
    sessions: Vec<SignIn>,
    done: Option<&'static str>,
}

/// `?done=`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    done: String,
}

/// `GET /m/settings`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    asked: web::Query<Asked>,
) -> AppResult<HttpResponse> {
    let (scope, id, now) = (me.scope.clone(), me.person_id, app.clock.now_at());
    let (known, one, sessions) = app
        .read(move |db| {
            Ok((
                wishes::of(db, id)?,
                person::find(db, &scope, id)?,
                session::of_person(db, id, now)?,
            ))
        })
        .await?;
    let lines = KINDS
        .iter()
        .map(|(kind, name, what)| {
            let Wish { sms, email } = known.get(*kind).copied().unwrap_or_default();
            Line { kind, name, what, sms, email }
        })
        .collect();
    let page = SettingsPage {
        lines,
        email: mask_email(&one.email),
        sessions: sessions.iter().map(|one| sign_in(one, &me)).collect(),
        done: match asked.done.as_str() {
            "wishes" => Some("已保存"),
            "ended" => Some("其他手机上的登录已退出"),
            _ => None,
        },
    };
    shell::page(&app, &me, &req, "m/settings.html", &page)
}

fn sign_in(one: &Session, me: &BorrowerIn) -> SignIn {
    let minute = |at| local(at).format("%m-%d %H:%M").to_string();
    let signs = [
        ("MicroMessenger", "微信"),
        ("iPhone", "苹果手机"),
        ("Android", "安卓手机"),
        ("Windows", "电脑"),
        ("Mac OS", "电脑"),
    ];
    let known = signs.iter().find(|(sign, _)| one.agent.contains(sign));
    SignIn {
        since: minute(one.created_at),
        seen: minute(one.seen_at),
        browser: known.map_or("浏览器", |(_, words)| words),
        own: one.hash == me.session,
    }
}

/// The form: `due_sms=1` and so on; what is not ticked is not there.
pub type Ticked = Vec<(String, String)>;

/// `POST /m/settings`
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    form: BorrowerForm<Ticked>,
) -> AppResult<HttpResponse> {
    let ticked = form.0;
    let now = app.clock.now_at();
    app.write("message wishes", move |db| {
        for (kind, _, _) in KINDS {
            let has = |way: &str| ticked.iter().any(|(name, _)| *name == format!("{kind}_{way}"));
            // Without a field for it on the page the wish for e-mail stays as it was.
            let shown = ticked.iter().any(|(name, _)| name == "email_shown");
            let before = wishes::of(db, me.person_id)?.get(kind).copied().unwrap_or_default();
            let email = if shown { has("email") } else { before.email };
            let wish = Wish { sms: has("sms"), email };
            wishes::keep(db, (&me.office.code, me.person_id), kind, wish, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(shell::to("/m/settings?done=wishes"))
}

/// Nothing but the token.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// `POST /m/settings/sessions`: ends every other sign-in.
pub async fn end_others(
    app: web::Data<App>,
    me: BorrowerIn,
    _checked: BorrowerForm<Nothing>,
) -> AppResult<HttpResponse> {
    let now = app.clock.now_at();
    app.write("borrower sessions ended", move |db| {
        session::end_others(db, me.person_id, &me.session, now)
    })
    .await?;
    Ok(shell::to("/m/settings?done=ended"))
}
