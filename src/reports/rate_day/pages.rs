//! `/reports/rate-day`: the table, the list behind a row, a sheet.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::facts::RateDay;
use super::rules::{self, Group, Sum};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::base::url;
use crate::book::policy::PolicyWarning;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::Out;
use crate::reports::behind::{self, About};
use crate::reports::line_cache;
use crate::reports::sheet::{self, Sheet};
use crate::reports::treasury::pages::product_words;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/rate-day";
const ROWS: &str = "/reports/rate-day/rows";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/rate-day.xlsx", needs, workbook),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    product: String,
    /// Millionths, on 12-20 and on 12-21.
    old: String,
    new: String,
    /// The page of a list, from 1.
    page: String,
}

#[derive(Debug, Serialize)]
struct RowView {
    product: &'static str,
    old: String,
    new: String,
    persons: i64,
    contracts: i64,
    principal: Fen,
    /// Of borrowers, then of the state: with the LPR of before, and with the new one.
    borrower: [Fen; 2],
    state: [Fen; 2],
    change: Fen,
    list: String,
}

#[derive(Debug, Serialize)]
struct View {
    office: String,
    today: String,
    priced_on: String,
    is_to_come: bool,
    /// The LPR that prices: its day and value, and the one of the pricing day before.
    published_on: String,
    lpr: String,
    lpr_before: String,
    margin: String,
    /// A publication that is due and not in the table.
    missing: Option<String>,
    rows: Vec<RowView>,
    all: RowView,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
}

fn row((product, old, new): Group, sum: &Sum) -> RowView {
    let (old_text, new_text) = (old.to_string(), new.to_string());
    let of = [("product", product), ("old", old_text.as_str()), ("new", new_text.as_str())];
    let before = sum.before.borrower + sum.before.state;
    let after = sum.after.borrower + sum.after.state;
    RowView {
        product: Product::from_text(product).map_or("", product_words),
        old: RatePpm::new(old).to_percent_text(),
        new: RatePpm::new(new).to_percent_text(),
        persons: sum.persons,
        contracts: sum.contracts,
        principal: sum.principal,
        borrower: [sum.before.borrower, sum.after.borrower],
        state: [sum.before.state, sum.after.state],
        change: after - before,
        list: url::link(ROWS, &of),
    }
}

async fn view(app: &App, me: &SignedIn) -> AppResult<View> {
    let (basis, today) = (app.basis(), app.clock.today());
    let report = RateDay::new(me.scope.clone(), &basis, today);
    let (priced_on, rates) = (report.priced_on, report.rates());
    let (groups, all, left_out, behind) = line_cache::read(app, report, |found| {
        let (groups, all) = rules::groups(&found.lines);
        (groups, all, found.left_out(), found.note())
    })
    .await?;
    let lpr = rates.lpr();
    let published = lpr.values().iter().rfind(|(on, _)| *on <= priced_on);
    let missing = app.policy().warnings(today).into_iter();
    let missing = missing.filter(|one| matches!(one, PolicyWarning::LprLate { .. }));
    Ok(View {
        office: me.office.name.clone(),
        today: today.to_string(),
        is_to_come: priced_on > today,
        published_on: published.map_or_else(String::new, |(on, _)| on.to_string()),
        lpr: lpr.on(priced_on).to_percent_text(),
        lpr_before: lpr.on(day_in(priced_on.year() - 1, 12, 21)).to_percent_text(),
        margin: rates.margin(priced_on).to_percent_text(),
        missing: missing.map(|one| one.to_string()).next(),
        priced_on: priced_on.to_string(),
        rows: groups.iter().map(|(group, sum)| row(*group, sum)).collect(),
        all: row(("", 0, 0), &all),
        definitions: DEFINITIONS,
        left_out,
        behind,
    })
}

/// `GET /reports/rate-day`
async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    shell::page(&app, &me, &req, "reports/rate_day.html", view)
}

/// `GET /reports/rate-day/rows`: whose contracts a row is.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let product = Product::from_text(&params.product).ok_or(AppError::NotFound)?;
    let rate = |text: &str| text.parse::<i32>().map_err(|_| AppError::NotFound);
    let (old, new) = (rate(&params.old)?, rate(&params.new)?);
    let report = RateDay::new(me.scope.clone(), &app.basis(), app.clock.today());
    let priced_on = report.priced_on;
    let found = line_cache::read(&app, report, move |found| {
        (rules::behind(&found.lines, (product, old, new)), found.note())
    })
    .await?;
    if found.0.is_empty() {
        return Err(AppError::NotFound);
    }
    let percent = |rate: i32| RatePpm::new(rate).to_percent_text();
    let about = About {
        figure: format!("{priced_on} 重新定价"),
        subtitle: format!(
            "{}，{}% 变成 {}%，金额是那天的本金",
            product_words(product),
            percent(old),
            percent(new)
        ),
        unit: "人",
        back: ("重新定价", PATH.to_owned()),
    };
    let link = |page: usize| {
        let page = page.to_string();
        let of = [
            ("product", params.product.as_str()),
            ("old", &params.old),
            ("new", &params.new),
            ("page", &page),
        ];
        url::link(ROWS, &of)
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/rate-day.xlsx`
async fn workbook(app: web::Data<App>, me: SignedIn) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    let cells = |row: &RowView| {
        vec![
            Out::Text(row.product.to_owned()),
            Out::Text(format!("{}%", row.old)),
            Out::Text(format!("{}%", row.new)),
            Out::Whole(row.persons),
            Out::Whole(row.contracts),
            Out::Money(row.principal),
            Out::Money(row.borrower[0]),
            Out::Money(row.borrower[1]),
            Out::Money(row.state[0]),
            Out::Money(row.state[1]),
            Out::Money(row.change),
        ]
    };
    let mut titles = vec![
        format!("{} {} 重新定价，{}", me.office.name, view.priced_on, view.today),
        format!("LPR {}%（{} 公布），上一次 {}%", view.lpr, view.published_on, view.lpr_before),
        me.bank_data.based_on(None),
    ];
    titles.extend(view.missing);
    titles.extend(view.behind);
    let sheet = Sheet {
        name: "重新定价",
        titles,
        columns: &[
            ("贷款", 10),
            ("原利率", 10),
            ("新利率", 10),
            ("人数", 8),
            ("合同", 8),
            ("本金（元）", 18),
            ("本人利息，原（元）", 20),
            ("本人利息，新（元）", 20),
            ("国家付的利息，原（元）", 22),
            ("国家付的利息，新（元）", 22),
            ("一共相差（元）", 16),
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
        "重新定价",
        "浮动利率的合同每年 12月21日 按那天以前最后公布的五年期以上 LPR 减点重新定价，12月21日 是新利率的第一天",
    ),
    (
        "原利率、新利率",
        "合同在 12月20日 和 12月21日 的年利率；那天以前还没有公布新数值的，按最后公布的预计",
    ),
    (
        "利息",
        "定价日到下一年 12月20日 要付的利息，照现在的还款计划；“原”是用上一次定价日的 LPR 算的同一段时间",
    ),
    ("没有包括的", "已经还清的、还没有发放的；以后的升学、提前还款会改变利息"),
];
