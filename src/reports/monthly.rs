//! `/reports/monthly` 资助月报表: the months as the county's own report says them, a year at a time,
//! beside the year before; imported, never computed here.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike as _;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::money::Fen;
use crate::base::url::link;
use crate::book::monthly::{self, MonthlyFigure};
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::reports::curve::{Curve, Series, round_above, short};
use crate::web::list::export::{Column, Workbook};
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/reports/monthly";
const NAME: &str = "资助月报表";

pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get(PATH, needs, show),
        get("/reports/monthly.xlsx", needs, workbook),
        get("/reports/monthly.svg", needs, picture),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParams {
    year: String,
}

/// A line of the table: a month, or the sum of a year.
#[derive(Debug, Default, Serialize)]
struct Line {
    name: String,
    import: String,
    signed: i32,
    signed_fen: Fen,
    disbursed: i32,
    disbursed_fen: Fen,
    repaid: i32,
    principal: Fen,
    interest: Fen,
    penalty: Fen,
    compensated: Fen,
    /// At the end of the month, or of the last month of the year.
    balance: Fen,
}

impl Line {
    fn add(&mut self, month: &MonthlyFigure) {
        self.signed += month.signed;
        self.signed_fen += month.signed_fen;
        self.disbursed += month.disbursed;
        self.disbursed_fen += month.disbursed_fen;
        self.repaid += month.repaid;
        self.principal += month.principal_fen;
        self.interest += month.interest_fen;
        self.penalty += month.penalty_fen;
        self.compensated += month.compensated_fen;
        self.balance = month.balance_fen;
    }

    fn of(name: String, months: &[&MonthlyFigure]) -> Line {
        let mut line = Line { name, ..Line::default() };
        months.iter().for_each(|month| line.add(month));
        line
    }
}

#[derive(Debug, Serialize)]
struct View {
    year: i32,
    years: Vec<(i32, String)>,
    /// The newest month first.
    lines: Vec<Line>,
    all: Line,
    curve: Curve,
    picture: String,
    export: String,
}

/// The year asked for, or the newest with figures.
fn year_of(params: &ReportParams, all: &[MonthlyFigure]) -> i32 {
    let newest = all.last().map_or(0, |month| month.month.year());
    params.year.parse().unwrap_or(newest)
}

fn of_year(all: &[MonthlyFigure], year: i32) -> Vec<&MonthlyFigure> {
    all.iter().filter(|month| month.month.year() == year).collect()
}

/// What came back month by month, principal and interest, beside the year before.
fn curve(all: &[MonthlyFigure], year: i32) -> Curve {
    let back = |month: &MonthlyFigure| (month.principal_fen + month.interest_fen).get();
    let series = |year: i32| -> Series {
        let months = of_year(all, year);
        let of = |number: u32| {
            months.iter().find(|one| one.month.month() == number).map(|one| back(one))
        };
        (format!("{year} 年"), (1..=12).map(of).collect())
    };
    let both = [series(year), series(year - 1)];
    let most = round_above(both.iter().flat_map(|(_, values)| values.iter().flatten().copied()));
    let ticks: Vec<String> = (1..=12).map(|month| format!("{month}月")).collect();
    Curve::new(&format!("{year}年每月收回本息"), &ticks, &both, (most, short))
}

/// The picture of the newest year; none without figures.
pub async fn newest(app: &App, me: &SignedIn) -> AppResult<Option<Curve>> {
    let all = load(app, me).await?;
    let year = year_of(&ReportParams::default(), &all);
    Ok(Some(curve(&all, year)).filter(|curve| !curve.is_empty()))
}

async fn load(app: &App, me: &SignedIn) -> AppResult<Vec<MonthlyFigure>> {
    let scope = me.scope.clone();
    app.read(move |db| monthly::all(db, &scope)).await
}

/// `GET /reports/monthly`
async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let all = load(&app, &me).await?;
    let year = year_of(&params, &all);
    let months = of_year(&all, year);
    let mut years: Vec<i32> = all.iter().map(|month| month.month.year()).collect();
    years.dedup();
    let line = |month: &&MonthlyFigure| Line {
        import: month.import_id.to_string(),
        ..Line::of(month.month.format("%Y-%m").to_string(), &[*month])
    };
    let of_year = |path: &str, year: i32| link(path, &[("year", &year.to_string())]);
    let view = View {
        year,
        years: years.into_iter().rev().map(|year| (year, of_year(PATH, year))).collect(),
        lines: months.iter().rev().map(line).collect(),
        all: Line::of(format!("{year} 年合计"), &months),
        curve: curve(&all, year),
        picture: of_year("/reports/monthly.svg", year),
        export: of_year("/reports/monthly.xlsx", year),
    };
    shell::page(&app, &me, &req, "reports/monthly.html", view)
}

/// `GET /reports/monthly.svg`
async fn picture(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let all = load(&app, &me).await?;
    curve(&all, year_of(&params, &all)).file(&app, &me, NAME).await
}

const COLUMNS: [Column<MonthlyFigure, ()>; 11] = [
    ("月份", 10, |row, ()| row.month.format("%Y-%m").to_string().into()),
    ("新签合同（笔）", 12, |row, ()| row.signed.into()),
    ("新签合同（元）", 16, |row, ()| row.signed_fen.into()),
    ("发放（笔）", 10, |row, ()| row.disbursed.into()),
    ("发放（元）", 16, |row, ()| row.disbursed_fen.into()),
    ("还款（笔）", 10, |row, ()| row.repaid.into()),
    ("收回本金（元）", 16, |row, ()| row.principal_fen.into()),
    ("收回利息（元）", 16, |row, ()| row.interest_fen.into()),
    ("收回罚息（元）", 14, |row, ()| row.penalty_fen.into()),
    ("其中国家代偿（元）", 16, |row, ()| row.compensated_fen.into()),
    ("月末贷款余额（元）", 18, |row, ()| row.balance_fen.into()),
];

/// `GET /reports/monthly.xlsx`: a year, the oldest month first.
async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let all = load(&app, &me).await?;
    let months = of_year(&all, year_of(&params, &all));
    Workbook::new(months, &COLUMNS, &()).answer(&app, &me, (NAME, "个月"), "").await
}
