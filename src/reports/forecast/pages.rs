//! `/reports/forecast`: the table of five years, its picture, the list behind a figure, a sheet.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::facts::Forecast;
use super::rules::{self, Assumption, DEFINITIONS, Figure, YEARS, Year};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::url;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::reports::behind::{self, About};
use crate::reports::curve::{Curve, Series};
use crate::reports::line_cache;
use crate::reports::recovery::export::definitions;
use crate::web::download::{WORKBOOK, attachment, noted};
use crate::web::list::export::foot;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/forecast";
const ROWS: &str = "/reports/forecast/rows";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/forecast.xlsx", needs, workbook),
        get("/reports/forecast.svg", needs, picture),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    /// Change of the rate in percentage points.
    rate: String,
    /// `1`: interest is waived.
    waived: String,
    /// The year of a list.
    year: String,
    /// The figure of a list.
    figure: String,
    /// The page of a list, from 1.
    page: String,
}

impl ReportParams {
    /// What is assumed; nothing, with a sentence, when it cannot be read.
    fn assumption(&self) -> (Assumption, Option<&'static str>) {
        match Assumption::typed(&self.rate, &self.waived) {
            Ok(assumption) => (assumption, None),
            Err(why) => (Assumption::default(), Some(why)),
        }
    }

    fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let own = [("rate", self.rate.trim()), ("waived", self.waived.as_str())];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        url::link(path, &own.chain(more.iter().copied()).collect::<Vec<_>>())
    }
}

/// The years as they are known, and under the assumption.
struct Table {
    known: Vec<Year>,
    assumed: Option<Vec<Year>>,
    left_out: Vec<String>,
    behind: Option<String>,
}

fn report(app: &App, me: &SignedIn, assumption: Assumption) -> Forecast {
    Forecast::new(me.scope.clone(), &app.basis(), app.clock.today(), assumption)
}

async fn table(app: &App, me: &SignedIn, assumption: Assumption) -> AppResult<Table> {
    let first = app.clock.today().year();
    let of = async |assumption| {
        line_cache::read(app, report(app, me, assumption), move |found| {
            (rules::years(&found.lines, first), found.left_out(), found.note())
        })
        .await
    };
    let (known, left_out, behind) = of(Assumption::default()).await?;
    let assumed = match assumption.is_any() {
        true => Some(of(assumption).await?.0),
        false => None,
    };
    Ok(Table { known, assumed, left_out, behind })
}

#[derive(Debug, Serialize)]
struct YearView {
    year: i32,
    persons: i64,
    contracts: i64,
    principal: Fen,
    interest: Fen,
    sum: Fen,
    state: Fen,
    /// Under the assumption: what borrowers pay, the state pays, and how much more that is.
    assumed: Option<[Fen; 4]>,
    /// The address of the list behind a figure, but for the figure.
    list: String,
    assumed_list: String,
}

#[derive(Debug, Serialize)]
struct View {
    office: String,
    today: String,
    rate: String,
    waived: bool,
    /// What is wrong with what was typed.
    wrong: Option<&'static str>,
    /// What the amounts assume, where nobody knows yet.
    unknown: Option<&'static str>,
    years: Vec<YearView>,
    sums: YearView,
    curve: Curve,
    picture: String,
    export: String,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
}

fn year_view(params: &ReportParams, known: Year, assumed: Option<Year>) -> YearView {
    let year = known.year.to_string();
    let list = |params: &ReportParams| format!("{}&figure=", params.link(ROWS, &[("year", &year)]));
    YearView {
        year: known.year,
        persons: known.persons,
        contracts: known.contracts,
        principal: known.due.principal,
        interest: known.due.interest,
        sum: known.due.sum(),
        state: known.due.state,
        assumed: assumed.map(|one| {
            let (sum, state) = (one.due.sum(), one.due.state);
            [sum, sum - known.due.sum(), state, state - known.due.state]
        }),
        list: list(&ReportParams::default()),
        assumed_list: list(params),
    }
}

fn sum_of(years: &[Year]) -> Year {
    let mut sum = Year::default();
    for year in years {
        sum.due.add(year.due);
    }
    sum
}

fn curve(table: &Table) -> Curve {
    let series = |(name, years): (&str, &[Year])| -> Series {
        (name.to_owned(), years.iter().map(|year| Some(year.due.sum().get())).collect())
    };
    let mut all = vec![series(("照现在", &table.known))];
    all.extend(table.assumed.as_ref().map(|years| series(("照假设", years))));
    let ticks: Vec<String> = table.known.iter().map(|year| format!("{}年", year.year)).collect();
    let values = all.iter().flat_map(|(_, values)| values.iter().flatten().copied());
    let most = values.max().unwrap_or(0).max(1);
    Curve::new("今后五年到期的本息", &ticks, &all, (most, ten_thousands))
}

/// `123.4 万元`
fn ten_thousands(fen: i64) -> String {
    let tenths = fen / 100_000;
    format!("{}.{} 万元", tenths / 10, tenths % 10)
}

/// The picture of the years as they are known.
pub async fn curve_now(app: &App, me: &SignedIn) -> AppResult<Curve> {
    Ok(curve(&table(app, me, Assumption::default()).await?))
}

/// `GET /reports/forecast`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let (assumption, wrong) = params.assumption();
    let table = table(&app, &me, assumption).await?;
    let assumed = |at: usize| table.assumed.as_ref().and_then(|years| years.get(at)).copied();
    let years: Vec<YearView> = table
        .known
        .iter()
        .enumerate()
        .map(|(at, year)| year_view(&params, *year, assumed(at)))
        .collect();
    let sums =
        year_view(&params, sum_of(&table.known), table.assumed.as_ref().map(|all| sum_of(all)));
    let today = app.clock.today();
    let view = View {
        office: me.office.name.clone(),
        today: today.to_string(),
        rate: params.rate.trim().to_owned(),
        waived: params.waived == "1",
        wrong,
        unknown: app.policy().assumed(day_in(today.year(), 12, 20)),
        years,
        sums,
        curve: curve(&table),
        picture: params.link("/reports/forecast.svg", &[]),
        export: params.link("/reports/forecast.xlsx", &[]),
        definitions: DEFINITIONS,
        left_out: table.left_out,
        behind: table.behind,
    };
    shell::page(&app, &me, &req, "reports/forecast.html", view)
}

/// `GET /reports/forecast.svg`
async fn picture(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let table = table(&app, &me, params.assumption().0).await?;
    curve(&table).file(&app, &me, "回收预测").await
}

/// `GET /reports/forecast/rows`: whose money a figure of a year is.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let figure = Figure::from_text(&params.figure).ok_or(AppError::NotFound)?;
    let year: i32 = params.year.parse().map_err(|_| AppError::NotFound)?;
    let at = usize::try_from(year - app.clock.today().year()).map_err(|_| AppError::NotFound)?;
    if year >= app.clock.today().year() + YEARS {
        return Err(AppError::NotFound);
    }
    let assumption = params.assumption().0;
    let found = line_cache::read(&app, report(&app, &me, assumption), move |found| {
        (rules::rows(&found.lines, at, figure), found.note())
    })
    .await?;
    let link = |page: usize| {
        let (year, page) = (year.to_string(), page.to_string());
        params.link(ROWS, &[("year", &year), ("figure", &params.figure), ("page", &page)])
    };
    let subtitle = match assumption.is_any() {
        true => format!("{year}年，照假设"),
        false => format!("{year}年，照现在的还款计划"),
    };
    let about = About {
        figure: figure.in_words().to_owned(),
        subtitle,
        unit: "人",
        back: ("回收预测", params.link(PATH, &[])),
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/forecast.xlsx`
async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let (assumption, _) = params.assumption();
    let Table { known, assumed, left_out, behind } = table(&app, &me, assumption).await?;
    let today = app.clock.today();
    let title = format!("{} 回收预测，{today}", me.office.name);
    let unknown = app.policy().assumed(day_in(today.year(), 12, 20));
    let mut titles = vec![title, me.bank_data.based_on(unknown)];
    titles.extend(behind);
    if assumption.is_any() {
        let waived = if assumption.waived { "，各年免除利息" } else { "" };
        let rate = params.rate.trim();
        titles.push(format!("假设：LPR 变动 {rate} 个百分点{waived}"));
    }
    let foot = foot(&me, today);
    let mut columns = vec![
        ("年份", 10),
        ("人数", 10),
        ("合同", 10),
        ("到期本金（元）", 18),
        ("到期利息（元）", 18),
        ("到期本息（元）", 18),
        ("国家付的利息（元）", 20),
    ];
    if assumed.is_some() {
        columns.extend([("假设：到期本息（元）", 22), ("假设：国家付的利息（元）", 24)]);
    }
    let head = Head {
        sheet: "回收预测".to_owned(),
        titles,
        columns: columns.into_iter().map(|(name, width)| (name.to_owned(), width)).collect(),
        foot,
        ..Head::default()
    };
    let cells = |(at, year): (usize, &Year)| {
        let mut cells = vec![
            Out::Text(format!("{}年", year.year)),
            Out::Whole(year.persons),
            Out::Whole(year.contracts),
            Out::Money(year.due.principal),
            Out::Money(year.due.interest),
            Out::Money(year.due.sum()),
            Out::Money(year.due.state),
        ];
        if let Some(one) = assumed.as_ref().and_then(|all| all.get(at)) {
            cells.extend([Out::Money(one.due.sum()), Out::Money(one.due.state)]);
        }
        cells
    };
    let rows: Vec<Vec<Out>> = known.iter().enumerate().map(cells).collect();
    let words = definitions(DEFINITIONS, &left_out);
    let bytes = write::lists(&[(head, rows), words]).map_err(AppError::broken)?;
    noted(&app, &me, "回收预测", format!("导出回收预测，{today}")).await?;
    Ok(attachment("回收预测.xlsx", WORKBOOK, bytes))
}
