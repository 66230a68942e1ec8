//! Month and year at a glance, for whoever answers for the county. Asked for by the page after it
//! is there: the lines of the reports take a moment when something has changed.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::app::App;
use crate::base::money::Fen;
use crate::base::url;
use crate::error::AppResult;
use crate::reports::curve::Curve;
use crate::reports::line_cache::{Lines, with_note};
use crate::reports::recovery::cache;
use crate::reports::recovery::pages::list_of;
use crate::reports::recovery::params::ReportParams;
use crate::reports::recovery::rules::{self, Figure, Unit, percent};
use crate::reports::{december, forecast, monthly};
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
    /// What came in during the month of that day, and where the year is.
    month: Option<(String, Fen, String)>,
    rates: Vec<(&'static str, String)>,
    december: Option<Curve>,
    december_year: i32,
    monthly: Option<Curve>,
    /// What falls due in the years to come, where no other picture stands.
    forecast: Option<Curve>,
}

/// Principal and interest that came in this month: the year until now, less until the month began.
async fn of_month(
    app: &App,
    me: &SignedIn,
    (day, until_now): (NaiveDate, Fen),
) -> AppResult<Option<(String, Fen, String)>> {
    let Some(before) = day.with_day(1).and_then(|first| first.pred_opt()) else { return Ok(None) };
    let sum = |found: &Lines<rules::Line>| got(&rules::total(&found.lines));
    let earlier = match before.year() == day.year() {
        true => cache::of_lines(app, &me.scope, before, sum).await?,
        false => Fen::ZERO,
    };
    let words = format!("{}月收回本息", day.month());
    let link = url::link("/reports/recovery", &[("as_of", &day.to_string())]);
    Ok(Some((words, until_now - earlier, link)))
}

fn got(all: &rules::Numbers) -> Fen {
    let value = |figure| Fen::new(all.value(figure));
    value(Figure::GotPrincipal) + value(Figure::GotInterest)
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
    let month = of_month(app, me, (day, got(&all))).await?;
    let december = match is_near {
        true => Some(december::pages::curve(app, me, december_year).await?),
        false => None,
    };
    let december = december.filter(|curve| !curve.is_empty());
    let monthly = monthly::newest(app, me).await?;
    let forecast = match december.is_none() && monthly.is_none() {
        true => Some(forecast::pages::curve_now(app, me).await?),
        false => None,
    };
    let figures = [Figure::GotPrincipal, Figure::GotInterest];
    let view = View {
        until: with_note(day.to_string(), behind),
        shown: figures.into_iter().map(shown).collect(),
        rates: vec![
            ("本金回收率", percent(all.principal_rate())),
            ("违约率", percent(all.default_rate())),
        ],
        month,
        december,
        december_year,
        monthly,
        forecast: forecast.filter(|curve| !curve.is_empty()),
    };
    shell::page(app, me, req, "home/_glance.html", view)
}
