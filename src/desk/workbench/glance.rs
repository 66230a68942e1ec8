//! Month and year at a glance, for whoever answers for the county. Asked for by the page after it
//! is there: the lines of the reports take a moment when something has changed.

use actix_web::{HttpRequest, HttpResponse};
use chrono::Datelike;
use serde::Serialize;

use crate::app::App;
use crate::error::AppResult;
use crate::reports::curve::Curve;
use crate::reports::line_cache::{Lines, with_note};
use crate::reports::recovery::cache;
use crate::reports::recovery::pages::list_of;
use crate::reports::recovery::params::ReportParams;
use crate::reports::recovery::rules::{self, Figure, Unit, percent};
use crate::reports::{december, monthly};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Months in which the December curve stands before the others.
const DECEMBER: [u32; 2] = [12, 1];

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    value: i64,
    is_money: bool,
    link: String,
}

#[derive(Serialize)]
struct View {
    until: String,
    shown: Vec<Shown>,
    rates: Vec<(&'static str, String)>,
    december: Option<Curve>,
    december_year: i32,
    monthly: Option<Curve>,
}

/// `GET /home?part=glance`, as a part.
pub async fn part(app: &App, me: &SignedIn, req: &HttpRequest) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let (day, _) = ReportParams::default().day(app, &me.scope).await?;
    let total = |found: &Lines<rules::Line>| (rules::total(&found.lines), found.note());
    let (all, behind) = cache::of_lines(app, &me.scope, day, total).await?;
    let shown = |figure: Figure| Shown {
        name: figure.in_words(),
        value: all.value(figure),
        is_money: figure.unit() == Unit::Money,
        link: list_of(figure, day, None),
    };
    let is_near = DECEMBER.contains(&today.month());
    let december_year = if today.month() == 1 { today.year() - 1 } else { today.year() };
    let december = match is_near {
        true => Some(december::pages::curve(app, me, december_year).await?),
        false => None,
    };
    let figures = [Figure::GotPersons, Figure::GotPrincipal, Figure::GotInterest];
    let view = View {
        until: with_note(day.to_string(), behind),
        shown: figures.into_iter().map(shown).collect(),
        rates: vec![
            ("本金回收率", percent(all.principal_rate())),
            ("违约率", percent(all.default_rate())),
        ],
        december: december.filter(|curve| !curve.is_empty()),
        december_year,
        monthly: monthly::newest(app, me).await?,
    };
    shell::page(app, me, req, "home/_glance.html", view)
}
