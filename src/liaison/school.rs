//! What the pages of a school have in common: forms that keep what was typed, and writes in its
//! name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use minijinja::Value;
use serde::Serialize;

use crate::app::App;
use crate::book::act::Act;
use crate::book::liaison::Kind;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::fields::{Fields, Rejected};
use crate::web::session::liaison::LiaisonIn;
use crate::web::shell::phone;

/// The school of a liaison; to others these pages are not there, and nobody acts under a password
/// that the centre has set.
pub fn own_school(me: &LiaisonIn) -> AppResult<String> {
    match me.account.kind {
        Kind::School if !me.account.own_password => Err(AppError::refused(OWN_FIRST)),
        Kind::School => Ok(me.account.place.clone()),
        Kind::Village | Kind::Police => Err(AppError::NotFound),
    }
}

const OWN_FIRST: &str = "请先修改中心给的初始密码，再办这件事";

/// A page with a form: what was typed, and what is wrong.
#[derive(Serialize)]
struct Filled<P> {
    #[serde(flatten)]
    page: P,
    form: Value,
    errors: Vec<FieldError>,
}

/// Who asks for a page.
pub type At<'a> = (&'a App, &'a LiaisonIn, &'a HttpRequest);

pub fn show_page<P: Serialize>(
    (app, me, req): At<'_>,
    template: &str,
    page: P,
    (form, refused): (&Fields, Option<Rejected>),
) -> AppResult<HttpResponse> {
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let errors = refused.map(|refused| refused.errors).unwrap_or_default();
    let filled = Filled { page, form: form.to_value(), errors };
    phone::page_for(status, app, req, (&me.office, &me.csrf), template, &filled)
}

/// The tail of a form: back to the list, or its page again with what was typed. A rule's refusal is
/// said at `field`; the page is read only then, and a look at it written down.
pub async fn answer<P: Serialize>(
    at: At<'_>,
    (back, template, field): (&str, &str, &str),
    (form, done): (&Fields, AppResult<()>),
    page: impl Future<Output = AppResult<P>>,
) -> AppResult<HttpResponse> {
    let Err(error) = done else { return Ok(phone::to(back)) };
    let refused = Rejected::from(error, field, CHANGED)?;
    show_page(at, template, page.await?, (form, Some(refused)))
}

/// What is said when somebody else was first.
const CHANGED: &str = "别人刚刚改过，您写的还没有保存：先看看现在的情况，再提交一次";

/// One write in the name of a school.
pub async fn act<T: Send + 'static>(
    app: &App,
    me: &LiaisonIn,
    name: &'static str,
    body: impl FnMut(&mut Act<'_>) -> AppResult<T> + Send + 'static,
) -> AppResult<T> {
    let done = app.act((me.by(), me.scope.clone()), name, body).await?;
    app.note_change();
    Ok(done)
}
