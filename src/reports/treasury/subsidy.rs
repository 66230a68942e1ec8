//! `/reports/subsidy`: what the state owes as subsidy on each settlement day of a year, what was
//! paid, and the difference.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::pages::{self, FIRST_YEAR, product_words};
use super::rules::{self, Group, Sum};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::url;
use crate::book::staff::Right;
use crate::book::statement::Product;
use crate::book::university::{Authority, LIST_OF};
use crate::error::{AppError, AppResult};
use crate::life::funds::rules::Kind;
use crate::life::funds::store::{self, FundEntry};
use crate::plumbing::sheet::write::Out;
use crate::reports::behind::{self, About};
use crate::reports::sheet::{self, Sheet};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/subsidy";
const ROWS: &str = "/reports/subsidy/rows";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/subsidy.xlsx", needs, workbook),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    year: String,
    /// The row of a list.
    on: String,
    office: String,
    authority: String,
    product: String,
    /// The page of a list, from 1.
    page: String,
}

impl ReportParams {
    fn year(&self, today: NaiveDate) -> i32 {
        let years = FIRST_YEAR..=today.year();
        self.year.trim().parse().ok().filter(|y| years.contains(y)).unwrap_or(today.year())
    }
}

#[derive(Debug, Serialize)]
struct RowView {
    on: String,
    /// Still to come this year: as the contracts stand.
    is_to_come: bool,
    office: String,
    authority: &'static str,
    product: &'static str,
    persons: i64,
    contracts: i64,
    owed: Fen,
    /// None: nobody has entered any.
    paid: Option<Fen>,
    /// What is still owed; below zero: more was paid.
    open: Option<Fen>,
    list: String,
    enter: String,
}

#[derive(Debug, Serialize)]
struct View {
    office: String,
    year: i32,
    today: String,
    before: Option<i32>,
    after: Option<i32>,
    assumed: Option<&'static str>,
    rows: Vec<RowView>,
    owed: Fen,
    to_come: Fen,
    paid: Option<Fen>,
    open: Option<Fen>,
    several: bool,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
    export: String,
}

/// Each group with what is owed and what was paid.
fn held(
    owed: BTreeMap<Group, Sum>,
    entries: &[FundEntry],
    year: i32,
) -> BTreeMap<Group, (Sum, Option<Fen>)> {
    let mut all: BTreeMap<Group, (Sum, Option<Fen>)> =
        owed.into_iter().map(|(group, sum)| (group, (sum, None))).collect();
    for entry in entries {
        let group = Group {
            on: entry.settled_on.unwrap_or_default(),
            office_code: entry.office_code.clone(),
            authority: Authority::from_text(&entry.authority).map_or("", Authority::as_text),
            product: Product::from_text(&entry.product).map_or("", Product::as_text),
        };
        if group.on.year() == year {
            let paid = &mut all.entry(group).or_default().1;
            *paid = Some(paid.unwrap_or_default() + entry.amount_fen);
        }
    }
    all
}

fn row((group, (sum, paid)): (&Group, &(Sum, Option<Fen>)), today: NaiveDate) -> RowView {
    let on = group.on.to_string();
    let at = |path: &str, more: (&str, &str)| {
        let of = [("authority", group.authority), ("product", group.product), more];
        url::link(path, &of)
    };
    let list = at(ROWS, ("on", &on));
    RowView {
        is_to_come: group.on > today,
        office: group.office_code.clone(),
        authority: Authority::from_text(group.authority).map_or("", Authority::in_words),
        product: Product::from_text(group.product).map_or("", product_words),
        persons: sum.persons,
        contracts: sum.contracts,
        owed: sum.money,
        paid: *paid,
        open: paid.map(|paid| sum.money - paid),
        list: format!("{list}&office={}", group.office_code),
        enter: format!("{}&kind=subsidy", at("/funds/new", ("settled_on", &on))),
        on,
    }
}

async fn view(app: &App, me: &SignedIn, params: &ReportParams) -> AppResult<View> {
    let today = app.clock.today();
    let year = params.year(today);
    let (owed, left_out, behind) = pages::read(app, me, move |found| {
        (rules::subsidy(&found.lines, year), found.left_out(), found.note())
    })
    .await?;
    let scope = me.scope.clone();
    let entries = app.read(move |db| store::approved(db, &scope, &[Kind::Subsidy])).await?;
    let all = held(owed, &entries, year);
    let rows: Vec<RowView> = all.iter().map(|one| row(one, today)).collect();
    let due = rows.iter().filter(|row| !row.is_to_come);
    let owed: Fen = due.map(|row| row.owed).sum();
    let paid = rows.iter().filter_map(|row| row.paid).reduce(|sum, fen| sum + fen);
    let own_year = year.to_string();
    Ok(View {
        office: me.office.name.clone(),
        year,
        today: today.to_string(),
        before: (year > FIRST_YEAR).then_some(year - 1),
        after: (year < today.year()).then_some(year + 1),
        assumed: app.policy().assumed(day_in(year, 12, 20)),
        owed,
        to_come: rows.iter().filter(|row| row.is_to_come).map(|row| row.owed).sum(),
        open: paid.map(|paid| owed - paid),
        paid,
        several: me.scope.codes().len() > 1,
        rows,
        definitions: DEFINITIONS,
        left_out,
        behind,
        export: url::link("/reports/subsidy.xlsx", &[("year", &own_year)]),
    })
}

/// `GET /reports/subsidy`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let view = view(&app, &me, &params).await?;
    shell::page(&app, &me, &req, "reports/subsidy.html", view)
}

/// `GET /reports/subsidy/rows`: whose subsidy a row is.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let on: NaiveDate = params.on.parse().map_err(|_| AppError::NotFound)?;
    let authority = Authority::from_text(&params.authority).ok_or(AppError::NotFound)?;
    let product = Product::from_text(&params.product).ok_or(AppError::NotFound)?;
    let group = Group {
        on,
        office_code: params.office.clone(),
        authority: authority.as_text(),
        product: product.as_text(),
    };
    let found = pages::read(&app, &me, move |found| {
        (rules::behind_subsidy(&found.lines, &group), found.note())
    })
    .await?;
    let year = on.year().to_string();
    let about = About {
        figure: format!("{on} 贴息"),
        subtitle: format!("{}，{}", authority.in_words(), product_words(product)),
        unit: "人",
        back: ("贴息结算", url::link(PATH, &[("year", &year)])),
    };
    let link = |page: usize| {
        let page = page.to_string();
        let of = [
            ("on", params.on.as_str()),
            ("office", &params.office),
            ("authority", &params.authority),
            ("product", &params.product),
            ("page", &page),
        ];
        url::link(ROWS, &of)
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/subsidy.xlsx`
async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let view = view(&app, &me, &params).await?;
    let unknown = || Out::Text("没有登记".to_owned());
    let cells = |row: &RowView| {
        vec![
            Out::Text(row.on.clone()),
            Out::Text(if row.is_to_come { "还没有到" } else { "已结息" }.to_owned()),
            Out::Text(row.office.clone()),
            Out::Text(row.authority.to_owned()),
            Out::Text(row.product.to_owned()),
            Out::Whole(row.persons),
            Out::Whole(row.contracts),
            Out::Money(row.owed),
            row.paid.map_or_else(unknown, Out::Money),
            row.open.map_or_else(unknown, Out::Money),
        ]
    };
    let mut titles = vec![
        format!("{} {} 年贴息结算，{}", me.office.name, view.year, view.today),
        me.bank_data.based_on(view.assumed),
    ];
    titles.extend(view.behind);
    let sheet = Sheet {
        name: "贴息结算",
        titles,
        columns: &[
            ("结息日", 12),
            ("状态", 10),
            ("县区代码", 12),
            ("高校", 18),
            ("贷款", 10),
            ("人数", 8),
            ("合同", 8),
            ("应付贴息（元）", 16),
            ("已拨（元）", 16),
            ("相差（元）", 16),
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
        "应付贴息",
        "在读期间的利息，由国家付，按合同的结息日汇总：每年 12月20日，合同最后一期的到期日（多数是 9月20日），\
         和提前还款、代偿、救助的结算日。贴息到合同写的贴息截止日（多数是毕业当年 8月31日）为止，并入下一个结息日",
    ),
    ("免息年份", "毕业以后由国家免除的利息不在这里，看免息和延期"),
    (
        "高校",
        "按教育部名单的主管部门：中央部门主管的是中央高校，其余是地方高校，再分本省和外省。按档案上现在的学校；\
         名单里没有的写“主管部门未查到”",
    ),
    ("名单", LIST_OF),
    ("已拨、相差", "照资金登记里复核同意的贴息拨付；没有登记的写“没有登记”，不当作没有拨"),
    ("还没有到", "今年还没有到的结息日，照现在的合同和利率计算，会变"),
];
