//! `/m/settings`: which messages are wanted, and on which phones the person is signed in.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates::local;
use crate::book::contact::change::mask_email;
use crate::book::notice::wishes::{self, Wish};
use crate::book::person;
use crate::error::AppResult;
use crate::web::fields::Fields;
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::session::{self, Realm as _, Session};
use crate::web::shell::phone;

/// One kind of message.
#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    name: &'static str,
    what: &'static str,
    sms: bool,
    email: bool,
}

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
pub struct PageParams {
    done: String,
}

/// `GET /m/settings`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let (scope, id, now) = (me.scope.clone(), me.person_id, app.clock.now_at());
    let config = app.config.clone();
    let (known, one, sessions) = app
        .read(move |db| {
            Ok((
                wishes::of_person(db, &scope, id)?,
                person::find(db, &scope, id)?,
                session::living(db, id, BorrowerIn::idle(&config), now)?,
            ))
        })
        .await?;
    let lines = known
        .into_iter()
        .map(|(kind, Wish { sms, email })| Line {
            kind: kind.as_text(),
            name: kind.in_words(),
            what: kind.explained(),
            sms,
            email,
        })
        .collect();
    let page = SettingsPage {
        lines,
        email: mask_email(&one.email),
        sessions: sessions.iter().map(|one| sign_in(one, &me)).collect(),
        done: match params.done.as_str() {
            "wishes" => Some("已保存"),
            "ended" => Some("其他手机上的登录已退出"),
            _ => None,
        },
    };
    phone::page(&app, &me, &req, "m/settings.html", &page)
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

/// `POST /m/settings`: `due_sms=1` and so on; what is not ticked is not there.
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let ticked = form.0;
    let now = app.clock.now_at();
    app.write("message wishes", move |db| {
        // Without a field for it on the page the wish for e-mail stays as it was.
        let shown = ticked.has("email_shown");
        for (kind, before) in wishes::of_person(db, &me.scope, me.person_id)? {
            let has = |way: &str| ticked.has(&format!("{}_{way}", kind.as_text()));
            let email = if shown { has("email") } else { before.email };
            let wish = Wish { sms: has("sms"), email };
            wishes::set(db, &me.scope, me.person_id, kind, wish, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(phone::to("/m/settings?done=wishes"))
}

/// `POST /m/settings/sessions`: ends every other sign-in.
pub async fn end_others(
    app: web::Data<App>,
    me: BorrowerIn,
    _checked: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let now = app.clock.now_at();
    app.write("borrower sessions ended", move |db| {
        session::end_all(db, me.person_id, Some(&me.session), now)
    })
    .await?;
    Ok(phone::to("/m/settings?done=ended"))
}
