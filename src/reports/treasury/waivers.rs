//! `/reports/waivers`: what was waived and put off, by year and product, for the treasury.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::pages::{self, product_words};
use super::rules::{self, Figure, Sum};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::url;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::Out;
use crate::reports::behind::{self, About};
use crate::reports::sheet::{self, Sheet};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/waivers";
const ROWS: &str = "/reports/waivers/rows";
/// The first year with a waiver (rules.md 3.6).
const FIRST_YEAR: i32 = 2022;

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/waivers.xlsx", needs, workbook),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    year: String,
    product: String,
    figure: String,
    /// The page of a list, from 1.
    page: String,
}

#[derive(Debug, Serialize)]
struct FigureView {
    persons: i64,
    contracts: i64,
    money: Fen,
    list: String,
}

#[derive(Debug, Serialize)]
struct RowView {
    year: i32,
    /// What is known of the year's waiver, in words.
    waiver: &'static str,
    /// Nobody knows yet: a figure of nothing says nothing.
    is_unknown: bool,
    product: &'static str,
    figures: Vec<FigureView>,
}

#[derive(Debug, Serialize)]
struct View {
    office: String,
    today: String,
    rows: Vec<RowView>,
    sums: Vec<Fen>,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
}

fn row(policy: &Policy, (year, product, sums): (i32, Product, [Sum; 3])) -> RowView {
    let figure = |(figure, sum): (Figure, Sum)| {
        let text = year.to_string();
        let of = [("year", text.as_str()), ("product", product.as_text())];
        let list = url::link(ROWS, &of);
        FigureView {
            persons: sum.persons,
            contracts: sum.contracts,
            money: sum.money,
            list: format!("{list}&figure={}", figure.as_text()),
        }
    };
    RowView {
        year,
        waiver: policy.waiver(year).in_words(),
        is_unknown: policy.assumed(day_in(year, 12, 20)).is_some(),
        product: product_words(product),
        figures: Figure::ALL.into_iter().zip(sums).map(figure).collect(),
    }
}

async fn view(app: &App, me: &SignedIn) -> AppResult<View> {
    let today = app.clock.today();
    let (sums, left_out, behind) = pages::read(app, me, move |found| {
        let years = (FIRST_YEAR..=today.year()).rev();
        let of = |year| Product::ALL.iter().map(move |product| (year, *product));
        let all = years
            .flat_map(of)
            .map(|(year, product)| (year, product, rules::waivers(&found.lines, year, product)));
        (all.collect::<Vec<_>>(), found.left_out(), found.note())
    })
    .await?;
    let policy = app.policy();
    let total = |at: usize| sums.iter().filter_map(|one| one.2.get(at)).map(|sum| sum.money).sum();
    Ok(View {
        office: me.office.name.clone(),
        today: today.to_string(),
        sums: (0..Figure::ALL.len()).map(total).collect(),
        rows: sums.into_iter().map(|one| row(&policy, one)).collect(),
        definitions: DEFINITIONS,
        left_out,
        behind,
    })
}

/// `GET /reports/waivers`
async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    shell::page(&app, &me, &req, "reports/waivers.html", view)
}

/// `GET /reports/waivers/rows`: whose money a figure of a year is.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let year: i32 = params.year.parse().map_err(|_| AppError::NotFound)?;
    let product = Product::from_text(&params.product).ok_or(AppError::NotFound)?;
    let figure = Figure::from_text(&params.figure).ok_or(AppError::NotFound)?;
    let found = pages::read(&app, &me, move |found| {
        (rules::behind_waivers(&found.lines, (year, product), figure), found.note())
    })
    .await?;
    let about = About {
        figure: format!("{year}年{}", figure.in_words()),
        subtitle: product_words(product).to_owned(),
        unit: "人",
        back: ("免息和延期", PATH.to_owned()),
    };
    let link = |page: usize| {
        let page = page.to_string();
        let of = [
            ("year", params.year.as_str()),
            ("product", &params.product),
            ("figure", &params.figure),
            ("page", &page),
        ];
        url::link(ROWS, &of)
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/waivers.xlsx`
async fn workbook(app: web::Data<App>, me: SignedIn) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    let cells = |row: &RowView| {
        let mut cells = vec![
            Out::Text(format!("{}年", row.year)),
            Out::Text(row.waiver.to_owned()),
            Out::Text(row.product.to_owned()),
        ];
        for one in &row.figures {
            cells.extend([Out::Whole(one.persons), Out::Whole(one.contracts)]);
            cells.push(Out::Money(one.money));
        }
        cells
    };
    let mut titles =
        vec![format!("{} 免息和延期，{}", me.office.name, view.today), me.bank_data.based_on(None)];
    titles.extend(view.behind);
    let sheet = Sheet {
        name: "免息和延期",
        titles,
        columns: &[
            ("年份", 10),
            ("免息", 14),
            ("贷款", 10),
            ("免息人数", 10),
            ("免息合同", 10),
            ("免除的利息（元）", 18),
            ("免罚息人数", 12),
            ("免罚息合同", 12),
            ("免除的罚息（元）", 18),
            ("延期人数", 10),
            ("延期合同", 10),
            ("延期的本金（元）", 18),
        ],
        rows: view.rows.iter().map(cells).collect(),
        left_out: view.left_out,
        definitions: DEFINITIONS,
    };
    sheet::workbook(&app, &me, sheet).await
}

/// What the page explains.
const DEFINITIONS: &[(&str, &str)] = &[
    (
        "免除的利息",
        "免息年份到期、本来要本人还的利息，由国家付，按结息日所在的年份；在读期间的贴息不在里面",
    ),
    ("免除的罚息", "免息年份里，以前逾期的本金在那一年产生的罚息"),
    (
        "延期一年的本金",
        "本人申请、复核同意以后，从那一年推到下一年的本金；免的是利息，本金仍然要还",
    ),
    ("还没有通知", "那一年免不免还没有通知，数字按没有免息计算，不等于没有"),
];
