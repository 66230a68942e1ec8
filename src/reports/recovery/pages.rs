//! `/reports/recovery`: the figures, the picture, the table; and the list behind each figure.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::chart::{self, Chart};
use super::params::ReportParams;
use super::rules::{self, DEFINITIONS, Figure, GroupBy, Numbers, Unit, percent};
use super::{cache, export};
use crate::app::App;
use crate::base::url;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::reports::behind::{About, List, Row};
use crate::reports::line_cache::{Lines, with_note};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/recovery";
const ROWS: &str = "/reports/recovery/rows";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, rows),
        get("/reports/recovery.xlsx", needs, export::workbook),
    ]
}

/// A figure as the page shows it.
#[derive(Debug, Serialize)]
struct Shown {
    name: &'static str,
    value: i64,
    is_money: bool,
    link: String,
}

/// A rate with the two figures it is of.
#[derive(Debug, Serialize)]
struct Rate {
    name: &'static str,
    text: String,
    part: Shown,
    whole: Shown,
}

/// One group of the table.
#[derive(Debug, Serialize)]
struct Group {
    name: String,
    /// One for each of [`COLUMNS`].
    cells: Vec<Shown>,
    default_rate: String,
    principal_rate: String,
    interest_rate: String,
    contract_rate: String,
    /// Width of the bar in percent: `99.96`.
    bar: String,
}

/// The lines of a day added up.
struct Added {
    all: Numbers,
    years: Vec<(String, Numbers)>,
    groups: Vec<(String, Numbers)>,
    left_out: Vec<String>,
    behind: Option<String>,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    text: &'static str,
    on: bool,
}

#[derive(Debug, Serialize)]
struct View {
    as_of: String,
    today: String,
    day_note: Option<String>,
    by: &'static str,
    by_words: &'static str,
    choices: Vec<Choice>,
    rates: Vec<Rate>,
    got: Vec<Shown>,
    groups: Vec<Group>,
    columns: Vec<&'static str>,
    chart: Chart,
    year_links: Vec<[String; 2]>,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    export: String,
}

/// The figures of a row of the table.
pub const COLUMNS: [Figure; 11] = [
    Figure::DuePersons,
    Figure::LatePersons,
    Figure::DuePrincipal,
    Figure::LatePrincipal,
    Figure::DueInterest,
    Figure::OpenInterest,
    Figure::DueContracts,
    Figure::PaidContracts,
    Figure::GotPersons,
    Figure::GotPrincipal,
    Figure::GotInterest,
];

/// `GET /reports/recovery`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let today = app.clock.today();
    let (day, day_note) = params.day(&app, &me.scope).await?;
    let by = params.by();
    let added_up = move |found: &Lines<rules::Line>| Added {
        behind: found.note(),
        all: rules::total(&found.lines),
        years: rules::over_time(&found.lines, day),
        groups: rules::groups(&found.lines, by),
        left_out: found.left_out(),
    };
    let added_up = cache::of_lines(&app, &me.scope, day, added_up).await?;
    let Added { all, years, groups, left_out, behind } = added_up;
    let head = |figure| render(&all, figure, day, None);
    let rate = |name, share, part, whole| Rate {
        name,
        text: percent(share),
        part: head(part),
        whole: head(whole),
    };
    let view = View {
        as_of: day.to_string(),
        today: today.to_string(),
        day_note: day_note.or(behind),
        by: by.as_text(),
        by_words: by.in_words(),
        choices: choices(by),
        rates: vec![
            rate("违约率", all.default_rate(), Figure::LatePersons, Figure::DuePersons),
            rate("本金回收率", all.principal_rate(), Figure::PaidPrincipal, Figure::DuePrincipal),
            rate("利息回收率", all.interest_rate(), Figure::PaidInterest, Figure::DueInterest),
            rate(
                "到期合同回收率",
                all.contract_rate(),
                Figure::PaidContracts,
                Figure::DueContracts,
            ),
        ],
        got: vec![
            head(Figure::GotPersons),
            head(Figure::GotPrincipal),
            head(Figure::GotInterest),
            head(Figure::GotPenalty),
        ],
        groups: groups.into_iter().map(|(name, numbers)| group(name, &numbers, by, day)).collect(),
        columns: COLUMNS.iter().map(|figure| figure.in_words()).collect(),
        chart: chart::over_time(&years),
        year_links: years
            .iter()
            .map(|(year, _)| {
                let of = |figure| list_of(figure, day, Some((GroupBy::DueYear, year)));
                [of(Figure::DueAll), of(Figure::PaidAll)]
            })
            .collect(),
        definitions: DEFINITIONS,
        left_out,
        export: url::link(
            "/reports/recovery.xlsx",
            &[("as_of", &day.to_string()), ("by", by.as_text())],
        ),
    };
    shell::page(&app, &me, &req, "reports/recovery.html", view)
}

fn choices(now: GroupBy) -> Vec<Choice> {
    let choice = |by: GroupBy| Choice { value: by.as_text(), text: by.in_words(), on: by == now };
    GroupBy::ALL.into_iter().map(choice).collect()
}

/// The address of the list behind a figure.
pub fn list_of(figure: Figure, day: NaiveDate, group: Option<(GroupBy, &str)>) -> String {
    let day = day.to_string();
    let (by, key) = group.map_or(("", ""), |(by, key)| (by.as_text(), key));
    url::link(ROWS, &[("figure", figure.as_text()), ("as_of", &day), ("by", by), ("key", key)])
}

fn render(
    numbers: &Numbers,
    figure: Figure,
    day: NaiveDate,
    group: Option<(GroupBy, &str)>,
) -> Shown {
    Shown {
        name: figure.in_words(),
        value: numbers.value(figure),
        is_money: figure.unit() == Unit::Money,
        link: list_of(figure, day, group),
    }
}

fn group(name: String, numbers: &Numbers, by: GroupBy, day: NaiveDate) -> Group {
    let cell = |figure: &Figure| render(numbers, *figure, day, Some((by, &name)));
    let principal_rate = percent(numbers.principal_rate());
    Group {
        cells: COLUMNS.iter().map(cell).collect(),
        default_rate: percent(numbers.default_rate()),
        interest_rate: percent(numbers.interest_rate()),
        contract_rate: percent(numbers.contract_rate()),
        bar: principal_rate.trim_end_matches('%').replace('—', ""),
        principal_rate,
        name,
    }
}

/// `GET /reports/recovery/rows`
async fn rows(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let figure = Figure::from_text(&params.figure).unwrap_or(Figure::DuePersons);
    let (day, _) = params.day(&app, &me.scope).await?;
    let group = (!params.key.is_empty()).then(|| (params.by(), params.key.as_str()));
    let of_group = group.map(|(by, key)| (by, key.to_owned()));
    let all = move |found: &Lines<rules::Line>| {
        let group = of_group.as_ref().map(|(by, key)| (*by, key.as_str()));
        let all = rules::rows(&found.lines, figure, group);
        let known =
            !all.is_empty() || group.is_none_or(|(by, key)| is_known(&found.lines, by, key));
        known.then(|| (all, found.note()))
    };
    let (all, behind) =
        cache::of_lines(&app, &me.scope, day, all).await?.ok_or(AppError::NotFound)?;
    let link = |page: usize| {
        let (day, page) = (day.to_string(), page.to_string());
        let by = group.map_or("", |(by, _)| by.as_text());
        let fields = [
            ("figure", figure.as_text()),
            ("as_of", day.as_str()),
            ("by", by),
            ("key", params.key.as_str()),
            ("page", page.as_str()),
        ];
        url::link(ROWS, &fields)
    };
    let of_group = group.map(|(by, key)| format!("，{} {key}", by.in_words())).unwrap_or_default();
    let about = About {
        figure: figure.in_words().to_owned(),
        subtitle: with_note(format!("统计日 {day}{of_group}"), behind),
        unit: if figure.unit() == Unit::Persons { "人" } else { "份合同" },
        back: (
            "回收统计",
            url::link(PATH, &[("as_of", &day.to_string()), ("by", params.by().as_text())]),
        ),
    };
    let list = List::new(about, (&all, &params.page), row_view, link);
    shell::page(&app, &me, &req, "reports/rows.html", list)
}

/// Is there such a group at all?
fn is_known(lines: &[rules::Line], by: GroupBy, key: &str) -> bool {
    rules::groups(lines, by).iter().any(|(name, _)| name == key)
}

fn row_view(row: &rules::Row) -> Row {
    Row {
        file_no: row.owner.file_no.to_string(),
        name: row.owner.name.to_string(),
        township: row.owner.township.to_string(),
        school: row.owner.school.to_string(),
        what: row.what.clone(),
        amount: row.amount.get(),
    }
}
