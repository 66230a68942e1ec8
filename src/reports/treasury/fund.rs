//! `/reports/risk-fund`: the risk-compensation fund of each school year: rate, new loans, what is
//! due, losses, what is left or missing, the reward and what it was spent on.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::pages;
use super::rules::{self, Rest, Sum};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::url;
use crate::book::policy::Policy;
use crate::book::staff::Right;
use crate::error::{AppError, AppResult};
use crate::life::funds::rules::Kind;
use crate::life::funds::store::{self, FundEntry};
use crate::life::relief;
use crate::plumbing::sheet::write::Out;
use crate::reports::behind::{self, About};
use crate::reports::sheet::{self, Sheet};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/risk-fund";
const ROWS: &str = "/reports/risk-fund/rows";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get(ROWS, needs, list),
        get("/reports/risk-fund.xlsx", needs, workbook),
    ]
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    year: String,
    /// The page of a list, from 1.
    page: String,
}

#[derive(Debug, Serialize)]
struct YearView {
    year: i32,
    rate: String,
    persons: i64,
    contracts: i64,
    new_loans: Fen,
    due: Fen,
    /// Of what follows: none, nobody has entered any.
    fund: Option<Fen>,
    loss: Option<Fen>,
    /// What is left or missing, in words.
    rest: String,
    rest_fen: Option<Fen>,
    reward: Option<Fen>,
    /// On what the reward was spent.
    uses: Vec<(String, Fen)>,
    spent: Fen,
    relief: Fen,
    may_pay_for: String,
    list: String,
}

#[derive(Debug, Serialize)]
struct View {
    office: String,
    today: String,
    years: Vec<YearView>,
    definitions: &'static [(&'static str, &'static str)],
    left_out: Vec<String>,
    behind: Option<String>,
}

/// The school year of a day: it begins on 09-01.
fn school_year(on: NaiveDate) -> i32 {
    if on.month() >= 9 { on.year() } else { on.year() - 1 }
}

fn sum(entries: &[FundEntry], kind: Kind, year: i32) -> Option<Fen> {
    let own = entries.iter().filter(|one| one.kind == kind && one.year == year);
    own.map(|one| one.amount_fen).reduce(|sum, fen| sum + fen)
}

fn rest_words(rest: Rest) -> (String, Option<Fen>) {
    match rest {
        Rest::Unknown => ("损失没有登记，还不知道".to_owned(), None),
        Rest::Surplus { fen, is_reward: true } => ("结余，作为奖励".to_owned(), Some(fen)),
        Rest::Surplus { fen, is_reward: false } => {
            ("结余，那时的奖励办法没有查到".to_owned(), Some(fen))
        }
        Rest::Deficit { fen, county } if county.is_positive() => {
            let county = county.to_page_text();
            (format!("不足，县财政担 ¥{county}，其余银行担"), Some(-fen))
        }
        Rest::Deficit { fen, .. } => ("不足，由银行承担".to_owned(), Some(-fen)),
    }
}

fn year_view(
    policy: &Policy,
    (year, new): (i32, Sum),
    entries: &[FundEntry],
    relief: Fen,
) -> YearView {
    let rate = policy.risk_fund_rate.on(day_in(year, 9, 1)).percent;
    let rule = policy.risk_fund_sharing.on(day_in(year + 1, 8, 31));
    let due = rules::fund_due(new.money, rate);
    let loss = sum(entries, Kind::Loss, year);
    let (rest, rest_fen) = rest_words(rules::rest(due, loss, rule));
    let mut uses: BTreeMap<String, Fen> = BTreeMap::new();
    for one in entries.iter().filter(|one| one.kind == Kind::Use && one.year == year) {
        *uses.entry(one.purpose.clone()).or_default() += one.amount_fen;
    }
    let text = year.to_string();
    YearView {
        year,
        rate: rate.to_percent_text(),
        persons: new.persons,
        contracts: new.contracts,
        new_loans: new.money,
        due,
        fund: sum(entries, Kind::Fund, year),
        loss,
        rest,
        rest_fen,
        reward: sum(entries, Kind::Reward, year),
        spent: uses.values().copied().sum(),
        uses: uses.into_iter().collect(),
        relief,
        may_pay_for: rule.uses.join("、"),
        list: url::link(ROWS, &[("year", &text)]),
    }
}

async fn view(app: &App, me: &SignedIn) -> AppResult<View> {
    let (new, left_out, behind) = pages::read(app, me, |found| {
        (rules::new_loans(&found.lines), found.left_out(), found.note())
    })
    .await?;
    let scope = me.scope.clone();
    let (entries, paid) = app
        .read(move |db| {
            let kinds = [Kind::Fund, Kind::Loss, Kind::Reward, Kind::Use];
            Ok((store::approved(db, &scope, &kinds)?, relief::store::paid(db, &scope)?))
        })
        .await?;
    let mut years: BTreeSet<i32> = new.keys().copied().collect();
    years.extend(entries.iter().map(|one| one.year));
    years.extend(paid.iter().map(|(on, _)| school_year(*on)));
    let policy = app.policy();
    let of = |year: i32| {
        let own = paid.iter().filter(|(on, _)| school_year(*on) == year);
        let relief = own.map(|(_, fen)| *fen).sum();
        let new = new.get(&year).copied().unwrap_or_default();
        year_view(&policy, (year, new), &entries, relief)
    };
    Ok(View {
        office: me.office.name.clone(),
        today: app.clock.today().to_string(),
        years: years.into_iter().rev().map(of).collect(),
        definitions: DEFINITIONS,
        left_out,
        behind,
    })
}

/// `GET /reports/risk-fund`
async fn show(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    shell::page(&app, &me, &req, "reports/risk_fund.html", view)
}

/// `GET /reports/risk-fund/rows`: whose new loans of a school year.
async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let year: i32 = params.year.parse().map_err(|_| AppError::NotFound)?;
    let found = pages::read(&app, &me, move |found| {
        (rules::behind_new_loans(&found.lines, year), found.note())
    })
    .await?;
    let about = About {
        figure: format!("{year} 学年发放的贷款"),
        subtitle: "国家开发银行生源地贷款".to_owned(),
        unit: "人",
        back: ("风险补偿金", PATH.to_owned()),
    };
    let link = |page: usize| {
        let page = page.to_string();
        url::link(ROWS, &[("year", params.year.as_str()), ("page", &page)])
    };
    behind::page((&app, &me, &req), found, about, (&params.page, link)).await
}

/// `GET /reports/risk-fund.xlsx`
async fn workbook(app: web::Data<App>, me: SignedIn) -> AppResult<HttpResponse> {
    let view = view(&app, &me).await?;
    let entered =
        |fen: Option<Fen>| fen.map_or_else(|| Out::Text("没有登记".to_owned()), Out::Money);
    let cells = |one: &YearView| {
        let uses = one.uses.iter().map(|(what, fen)| format!("{what} {}", fen.to_page_text()));
        vec![
            Out::Text(format!("{} 学年", one.year)),
            Out::Text(format!("{}%", one.rate)),
            Out::Whole(one.persons),
            Out::Whole(one.contracts),
            Out::Money(one.new_loans),
            Out::Money(one.due),
            entered(one.fund),
            entered(one.loss),
            one.rest_fen.map_or_else(|| Out::Text("不知道".to_owned()), Out::Money),
            Out::Text(one.rest.clone()),
            entered(one.reward),
            Out::Money(one.spent),
            Out::Text(uses.collect::<Vec<_>>().join("；")),
            Out::Money(one.relief),
        ]
    };
    let mut titles =
        vec![format!("{} 风险补偿金，{}", me.office.name, view.today), me.bank_data.based_on(None)];
    titles.extend(view.behind);
    let sheet = Sheet {
        name: "风险补偿金",
        titles,
        columns: &[
            ("学年", 12),
            ("比例", 10),
            ("人数", 8),
            ("合同", 8),
            ("新发放贷款（元）", 18),
            ("应提风险补偿金（元）", 20),
            ("已拨（元）", 16),
            ("损失（元）", 16),
            ("结余或不足（元）", 18),
            ("怎么处理", 30),
            ("奖励（元）", 16),
            ("已支出（元）", 16),
            ("支出明细", 40),
            ("救助还款（元）", 16),
        ],
        rows: view.years.iter().map(cells).collect(),
        left_out: view.left_out,
        definitions: DEFINITIONS,
    };
    sheet::workbook(&app, &me, sheet).await
}

/// What the page explains.
const DEFINITIONS: &[(&str, &str)] = &[
    ("新发放贷款", "那个学年的国家开发银行生源地贷款合同发放的钱；县自办贷款不在里面"),
    (
        "应提风险补偿金",
        "新发放贷款乘那个学年的比例：2020 学年以前 15%，2021 学年起 5%（财教〔2021〕164号）",
    ),
    (
        "结余、不足",
        "应提的减去登记的损失。2014年6月起结余奖励县资助中心，不足由银行和县财政各担一半；\
         2022 年起不足全部由银行承担（财教〔2014〕16号、财教〔2022〕1号）",
    ),
    ("没有登记", "县里没有登记的数字不知道是多少，不当作零；没有损失的要登记 0"),
    ("救助还款", "那个学年拨款、已经记到合同上的还款救助"),
];
