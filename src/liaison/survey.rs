//! `/l/pre-applications/survey` 需求调查: a high school says how many of its Grade 12 want a loan.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::preapplications::{done, reported};
use super::school::{act, answer, own_school, show_page};
use crate::app::App;
use crate::book::act::Act;
use crate::error::AppResult;
use crate::life::preapplication::school::Window;
use crate::life::preapplication::survey::{self, NOT_REPORTED};
use crate::web::fields::Fields;
use crate::web::session::liaison::{LiaisonForm, LiaisonIn};
use crate::web::shell::phone;

pub const PATH: &str = "/l/pre-applications/survey";
const TEMPLATE: &str = "l/survey.html";

#[derive(Serialize)]
struct SurveyPage {
    place: String,
    year: i32,
    window: String,
    is_open: bool,
    known: &'static str,
    words: String,
    version: i32,
    #[serde(skip)]
    fields: Fields,
}

async fn page(app: &App, me: &LiaisonIn) -> AppResult<SurveyPage> {
    let today = app.clock.today();
    let window = Window::on(&app.policy(), me.scope.own(), today);
    let found = reported(app, me, window.year).await?;
    let words = found.as_ref().map(|one| format!("{}。{}", one.in_words(), one.more(today)));
    Ok(SurveyPage {
        place: me.account.where_at(),
        year: window.year,
        window: window.in_words(),
        is_open: window.is_open(),
        known: if found.is_some() { "已经报过" } else { NOT_REPORTED },
        words: words.unwrap_or_default(),
        version: found.as_ref().map_or(0, |one| one.version),
        fields: survey::fields(found.as_ref()),
    })
}

/// `GET /l/pre-applications/survey`
pub async fn show(app: web::Data<App>, me: LiaisonIn, req: HttpRequest) -> AppResult<HttpResponse> {
    if !me.account.own_password {
        return Ok(phone::to("/l/password"));
    }
    let page = page(&app, &me).await?;
    let fields = page.fields.clone();
    show_page((&app, &me, &req), TEMPLATE, page, (&fields, None))
}

/// `POST /l/pre-applications/survey`
pub async fn report(
    app: web::Data<App>,
    me: LiaisonIn,
    req: HttpRequest,
    form: LiaisonForm<Fields>,
) -> AppResult<HttpResponse> {
    let mut form = form.0;
    let taken = take(&app, &me, &mut form).await;
    let to = done("reported");
    answer((&app, &me, &req), (&to, TEMPLATE, "pupils"), (&form, taken), page(&app, &me)).await
}

async fn take(app: &App, me: &LiaisonIn, form: &mut Fields) -> AppResult<()> {
    let (school, by) = (own_school(me)?, me.account.name.clone());
    let typed = survey::read(form)?;
    let (key, version) = (form.key(), form.version()?);
    let report =
        move |act: &mut Act<'_>| survey::report(act, &key, (&school, version), &typed, &by);
    act(app, me, "demand of a school", report).await
}
