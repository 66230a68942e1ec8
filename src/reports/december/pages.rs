//! `/reports/december`: the daily table, to look at, to print, to take along.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::facts::December;
use super::rules::{self, DEFINITIONS, Day, Figure};
use crate::app::App;
use crate::base::dates::{day_in, typed_day, weekday_in_words};
use crate::base::money::Fen;
use crate::base::url;
use crate::book::payments_known;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Chart, Head, Out};
use crate::reports::behind::{self, About};
use crate::reports::curve::{Curve, Series};
use crate::reports::line_cache;
use crate::reports::recovery::export::{definitions, share};
use crate::reports::recovery::rules::percent;
use crate::web::download::{WORKBOOK, attachment, noted};
use crate::web::list::export::foot;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/december";
const ROWS: &str = "/reports/december/rows";
/// The first year with such loans.
const FIRST_YEAR: i32 = 2007;

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/december.xlsx", needs, workbook),
        get("/reports/december.svg", needs, picture),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    year: String,
    /// The day of a list.
    on: String,
    /// The figure of a list.
    figure: String,
    /// The page of a list, from 1.
    page: String,
}

impl ReportParams {
    /// The December asked for; otherwise this year's.
    fn year(&self, today: NaiveDate) -> i32 {
        let years = FIRST_YEAR..=today.year();
        self.year.trim().parse().ok().filter(|y| years.contains(y)).unwrap_or(today.year())
    }
}

#[derive(Debug, Serialize)]
struct DayView {
    on: String,
    weekday: &'static str,
    due_persons: i64,
    paid_persons: i64,
    open_persons: i64,
    due: i64,
    paid_principal: i64,
    paid_interest: i64,
    paid: i64,
    open: i64,
    change: Option<i64>,
    rate: String,
    /// Width of the bar in percent.
    bar: String,
    /// The address of the list behind a figure, but for the figure.
    list: String,
}

#[derive(Debug, Serialize)]
struct View {
    year: i32,
    /// The bank has not told of this December yet.
    waits: bool,
    /// What the amounts assume, where nobody knows yet.
    assumed: Option<&'static str>,
    office: String,
    last: String,
    before: Option<i32>,
    after: Option<i32>,
    /// The figures of the last day; also before December has come.
    latest: Option<DayView>,
    /// The newest day first, back to the first on which money came in.
    days: Vec<DayView>,
    curve: Curve,
    picture: String,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
    export: String,
    default_link: String,
}

/// The days of a December as far as they have come, and how it stands.
struct Table {
    days: Vec<Day>,
    latest: Option<Day>,
    last: NaiveDate,
    waits: bool,
    left_out: Vec<String>,
    behind: Option<String>,
}

async fn table(app: &App, me: &SignedIn, year: i32) -> AppResult<Table> {
    let (today, end) = (app.clock.today(), day_in(year, 12, 31));
    let scope = me.scope.clone();
    // What nobody knows yet is no figure: without a day nothing was due.
    let known = app.read(move |db| payments_known::figures_until(db, &scope, today)).await?;
    let last = known.unwrap_or(day_in(FIRST_YEAR, 1, 1)).min(end);
    let smallest_arrears = app.policy().smallest_arrears();
    line_cache::read(app, report(app, me, (year, last)), move |found| {
        let book = rules::Book { lines: &found.lines, smallest_arrears };
        let days = rules::days(book, day_in(year, 12, 1), last);
        // Between the due day and the bank's list nobody knows what came in.
        let waits = last < day_in(year, 12, 20) && day_in(year, 12, 20) < today.min(end);
        let latest = days.last().copied().or_else(|| rules::days(book, last, last).pop());
        let latest = latest.filter(|_| !waits);
        Table { days, latest, last, waits, left_out: found.left_out(), behind: found.note() }
    })
    .await
}

fn report(app: &App, me: &SignedIn, (year, last): (i32, NaiveDate)) -> December {
    December { scope: me.scope.clone(), basis: app.basis(), year, last }
}

/// What came in day by day in this December and the one before.
pub async fn curve(app: &App, me: &SignedIn, year: i32) -> AppResult<Curve> {
    curve_of(app, me, (year, &table(app, me, year).await?)).await
}

async fn curve_of(app: &App, me: &SignedIn, (year, now): (i32, &Table)) -> AppResult<Curve> {
    let before = table(app, me, year - 1).await?;
    let series = |(year, table): (i32, &Table)| {
        let of = if table.waits { &[][..] } else { &table.days };
        (format!("{year} 年"), of.iter().map(Day::rate).collect::<Vec<Option<i64>>>())
    };
    let series: Vec<Series> = [(year, now), (year - 1, &before)].into_iter().map(series).collect();
    let tick = |day: i64| match day {
        1 | 5 | 10 | 15 | 20 | 25 | 31 => format!("12月{day}日"),
        _ => String::new(),
    };
    let ticks: Vec<String> = (1..=31).map(tick).collect();
    let title = format!("{year}年12月每天的回收率");
    Ok(Curve::new(&title, &ticks, &series, (10_000, |rate| percent(Some(rate)))))
}

/// `GET /reports/december.svg`
async fn picture(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let year = params.year(app.clock.today());
    curve(&app, &me, year).await?.file(&app, &me, "12月还款进度").await
}

/// The days from the first on which money came in; without any the last alone.
fn moving(days: &[Day]) -> &[Day] {
    let moves = |day: &Day| day.change.is_some_and(|fen| fen != Fen::ZERO);
    let first = days.iter().position(moves).unwrap_or(days.len().saturating_sub(1));
    days.get(first..).unwrap_or_default()
}

fn day_view(day: &Day) -> DayView {
    let rate = percent(day.rate());
    DayView {
        on: day.on.to_string(),
        weekday: weekday_in_words(day.on),
        due_persons: day.due_persons,
        paid_persons: day.paid_persons,
        open_persons: day.due_persons - day.paid_persons,
        due: day.sums.due().get(),
        paid_principal: day.sums.paid_principal.get(),
        paid_interest: day.sums.paid_interest.get(),
        paid: day.sums.paid().get(),
        open: day.sums.open().get(),
        change: day.change.map(|fen| fen.get()),
        bar: rate.trim_end_matches('%').replace('—', "0"),
        list: format!("{}&figure=", url::link(ROWS, &[("on", &day.on.to_string())])),
        rate,
    }
}

/// `GET /reports/december`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let year = params.year(today);
    let table = table(&app, &me, year).await?;
    let curve = curve_of(&app, &me, (year, &table)).await?;
    let Table { days, latest, last, waits, left_out, behind } = table;
    let view = View {
        curve,
        picture: url::link("/reports/december.svg", &[("year", &year.to_string())]),
        waits,
        assumed: app.policy().assumed(day_in(year, 12, 20)),
        year,
        office: me.office.name.clone(),
        last: last.to_string(),
        before: (year > FIRST_YEAR).then_some(year - 1),
        after: (year < today.year()).then_some(year + 1),
        latest: latest.as_ref().map(day_view),
        days: moving(&days).iter().rev().map(day_view).collect(),
        definitions: DEFINITIONS,
        left_out,
        behind,
        export: url::link("/reports/december.xlsx", &[("year", &year.to_string())]),
        default_link: url::link("/reports/recovery", &[("as_of", &last.to_string())]),
    };
    shell::page(&app, &me, &req, "reports/december.html", view)
}

/// `GET /reports/december/rows`: whose money a figure of a day is.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let on = typed_day(&params.on).ok_or(AppError::NotFound)?;
    let figure = Figure::from_text(&params.figure).ok_or(AppError::NotFound)?;
    if on > today || on.year() < FIRST_YEAR {
        return Err(AppError::NotFound);
    }
    let scope = me.scope.clone();
    let known = app.read(move |db| payments_known::figures_until(db, &scope, today)).await?;
    if known.is_none_or(|known| on > known) {
        return Err(AppError::NotFound);
    }
    let smallest_arrears = app.policy().smallest_arrears();
    let found = line_cache::read(&app, report(&app, &me, (on.year(), on)), move |found| {
        let book = rules::Book { lines: &found.lines, smallest_arrears };
        (rules::rows(book, on, figure), found.note())
    })
    .await?;
    let link = |page: usize| {
        let (on, page) = (on.to_string(), page.to_string());
        url::link(ROWS, &[("on", &on), ("figure", figure.as_text()), ("page", &page)])
    };
    let about = About {
        figure: figure.in_words().to_owned(),
        subtitle: format!("{}年12月这一期，到 {on}", on.year()),
        unit: "人",
        back: ("12月还款进度", url::link(PATH, &[("year", &on.year().to_string())])),
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/december.xlsx`
async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let year = params.year(app.clock.today());
    let Table { days, left_out, last, behind, .. } = table(&app, &me, year).await?;
    let title = format!("{} {year}年12月还款进度，到 {last}", me.office.name);
    let assumed = app.policy().assumed(day_in(year, 12, 20));
    let mut titles = vec![title, me.bank_data.based_on(assumed)];
    titles.extend(behind);
    let foot = foot(&me, app.clock.today());
    let bytes = actix_web::web::block(move || {
        write::lists(&[
            (head(titles, foot), days.iter().map(cells).collect()),
            definitions(DEFINITIONS, &left_out),
        ])
    })
    .await
    .map_err(AppError::broken)?
    .map_err(AppError::broken)?;
    noted(&app, &me, "12月还款进度", format!("导出 {year}年12月还款进度，到 {last}")).await?;
    Ok(attachment(&format!("{year}年12月还款进度.xlsx"), WORKBOOK, bytes))
}

fn head(titles: Vec<String>, foot: String) -> Head {
    let columns = [
        ("日期", 12),
        ("应还人数", 10),
        ("还清人数", 10),
        ("应还本金（元）", 16),
        ("应还利息（元）", 16),
        ("已还本金（元）", 16),
        ("已还利息（元）", 16),
        ("回收率", 10),
        ("还差（元）", 16),
        ("比前一天（元）", 16),
    ];
    Head {
        sheet: "12月还款进度".to_owned(),
        titles,
        columns: columns.into_iter().map(|(name, width)| (name.to_owned(), width)).collect(),
        foot,
        chart: Some(Chart { title: "每天的回收率".to_owned(), of: 7, labels: "d\"日\"" }),
        ..Head::default()
    }
}

fn cells(day: &Day) -> Vec<Out> {
    vec![
        Out::Day(day.on),
        Out::Whole(day.due_persons),
        Out::Whole(day.paid_persons),
        Out::Money(day.sums.due_principal),
        Out::Money(day.sums.due_interest),
        Out::Money(day.sums.paid_principal),
        Out::Money(day.sums.paid_interest),
        share(day.rate()),
        Out::Money(day.sums.open()),
        day.change.map_or(Out::Blank, Out::Money),
    ]
}
