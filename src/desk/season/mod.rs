//! `/season` 年度开办: what a school year needs before the counter may begin, and opening, changing
//! and closing its window. `check.rs` says what is known, `steps.rs` is what the director does,
//! `demand.rs` what schools have said of their need.

pub mod check;
pub mod demand;
mod steps;
pub mod totals;

use actix_web::{HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use self::check::{Days, Line, lines};
use self::totals::Totals;
use crate::base::dates::{in_words, minute};
use crate::book::season::{self, Standing, State};
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};
use crate::web::list::export::Workbook;
use crate::web::route::{Entry, Needs, get, post};

pub const PATH: &str = "/season";
/// Longest reason in characters.
const REASON_MAX: usize = 120;

pub fn routes() -> Vec<Entry> {
    let (open, serve) = (Needs::Right(Right::OpenSeason), Needs::Right(Right::ServeSeason));
    vec![
        get(PATH, Needs::Right(Right::SeeLoans), show),
        get("/season.xlsx", Needs::Right(Right::SeeLoans), workbook),
        get("/season/{year}/survey", serve, demand::show),
        post("/season/{year}/survey", serve, demand::put_right),
        post("/season/{year}/open", open, open_year),
        post("/season/{year}/close", open, close_year),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeasonParams {
    /// First year of the school year; nothing: that of today.
    year: String,
    /// One of [`totals::BY`].
    by: String,
}

impl SeasonParams {
    fn by(&self) -> &'static str {
        let found = totals::BY.iter().find(|(key, _)| *key == self.by);
        found.map_or("product", |(key, _)| key)
    }
}

#[derive(Serialize)]
struct SeasonPage {
    year: i32,
    /// Years to choose from.
    years: Vec<i32>,
    /// How it stands, and since when by whom.
    state: &'static str,
    since: String,
    reason: String,
    is_open: bool,
    is_over: bool,
    window: (String, String),
    lines: Vec<Line>,
    known: usize,
    missing: Vec<&'static str>,
    by: &'static str,
    ways: [(&'static str, &'static str); 4],
    totals: Vec<Totals>,
    may_open: bool,
    may_serve: bool,
    version: i32,
    #[serde(skip)]
    days: (NaiveDate, NaiveDate),
}

impl FormPage for SeasonPage {
    const TEMPLATE: &'static str = "season/season.html";
    const REFUSED_AT: &'static str = "opens_on";

    fn fields(&self) -> Fields {
        let (opens, closes) = self.days;
        Fields::default().with("opens_on", opens).with("closes_on", closes)
    }
}

/// The years that can be looked at: this one, the one before and the next.
fn year_of(text: &str, today: NaiveDate) -> AppResult<i32> {
    let this = today.year();
    match text.trim() {
        "" => Ok(this),
        text => {
            let year = text.parse().ok().filter(|year| (this - 1..=this + 1).contains(year));
            year.ok_or(AppError::NotFound)
        }
    }
}

async fn page(desk: &DeskRequest, year: i32, by: &'static str) -> AppResult<SeasonPage> {
    let (today, policy, office) = (desk.today(), desk.app.policy(), desk.me.scope.own().to_owned());
    let (standing, days, totals) = desk
        .read(move |db, scope| {
            let days = Days::load(db, scope, (year, today))?;
            let totals = totals::load(db, scope, by, (year, today))?;
            Ok((season::standing(db, &office, year)?, days, totals))
        })
        .await?;
    let lines = lines(&policy, &days, (year, today));
    let (opens, closes) = standing.window(&policy, desk.me.scope.own(), year);
    let (state, since, reason) = match &standing {
        Standing::NotOpened => ("未开办", String::new(), String::new()),
        Standing::UnderWay => ("已开办", "启用本功能以前已在受理".to_owned(), String::new()),
        Standing::Set(one) => {
            let since = format!("{}，{}", one.by_name, minute(one.changed_at));
            (one.state.in_words(), since, one.reason.clone())
        }
    };
    Ok(SeasonPage {
        year,
        years: (today.year() - 1..=today.year() + 1).collect(),
        state,
        since,
        reason,
        is_open: standing.refusal(year).is_none(),
        is_over: matches!(&standing, Standing::Set(one) if one.state == State::Closed),
        window: (in_words(opens, today), in_words(closes, today)),
        known: lines.iter().filter(|line| !line.is_missing).count(),
        missing: check::missing(&lines),
        lines,
        by,
        ways: totals::BY,
        totals,
        may_open: desk.me.may(Right::OpenSeason),
        may_serve: desk.me.may(Right::ServeSeason),
        version: standing.version(),
        days: (opens, closes),
    })
}

/// `GET /season`
async fn show(desk: DeskRequest, params: web::Query<SeasonParams>) -> AppResult<HttpResponse> {
    let year = year_of(&params.year, desk.today())?;
    desk.show(&page(&desk, year, params.by()).await?)
}

/// `GET /season.xlsx`: the figures.
async fn workbook(desk: DeskRequest, params: web::Query<SeasonParams>) -> AppResult<HttpResponse> {
    let (today, by) = (desk.today(), params.by());
    let year = year_of(&params.year, today)?;
    let rows = desk.read(move |db, scope| totals::load(db, scope, by, (year, today))).await?;
    let name = ("办理季各步人数", "行");
    let more = format!("，{year} 学年");
    let mut book = Workbook::new(&rows, &totals::COLUMNS, &());
    if by == totals::SCHOOL {
        book = book.beside(&rows, &totals::OF_SCHOOLS, &());
    }
    book.answer(&desk.app, &desk.me, name, &more).await
}

/// `POST /season/{year}/open`: opens it, opens it again, or changes its days.
async fn open_year(
    desk: DeskRequest,
    year: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (today, year) = (desk.today(), year_of(&year, desk.today())?);
    desk.submit(form, page(&desk, year, "product"), async |form| {
        let version = form.version()?;
        let (from, until) =
            ("开始受理请写日期，例如 2026-07-15", "受理到哪天请写日期，例如 2026-09-20");
        form.required("opens_on", from);
        form.required("closes_on", until);
        let (opens, closes) = (form.date_or("opens_on", from), form.date_or("closes_on", until));
        let (opens, closes) = form.checked(opens.zip(closes))?;
        if opens.year() != year {
            form.reject("opens_on", format!("开始受理要在 {year} 年里"));
        }
        if closes < opens {
            form.reject("closes_on", "受理的最后一天不能早于第一天");
        } else if closes < today {
            form.reject("closes_on", "受理的最后一天已经过去，请写今天或以后的日期");
        } else if closes.year() != year {
            form.reject("closes_on", format!("受理的最后一天要在 {year} 年里"));
        }
        form.check()?;
        let key = form.key();
        let act = desk.act("year opened", move |act| {
            steps::open(act, &key, (year, version), (opens, closes))
        });
        let sentence = act.await?;
        Ok(Done::to(format!("{PATH}?year={year}"), sentence))
    })
    .await
}

/// `POST /season/{year}/close`
async fn close_year(
    desk: DeskRequest,
    year: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let year = year_of(&year, desk.today())?;
    desk.submit(form, page(&desk, year, "product"), async |form| {
        let version = form.version()?;
        form.required("reason", "请写一句为什么关闭，窗口上的人会看到");
        let reason = form.text("reason", REASON_MAX);
        form.check()?;
        let key = form.key();
        let act =
            desk.act("year closed", move |act| steps::close(act, &key, (year, version), &reason));
        act.await?;
        let sentence = format!("已关闭 {year} 学年的受理，手上的申请可以办完");
        Ok(Done::to(format!("{PATH}?year={year}"), sentence))
    })
    .await
}
