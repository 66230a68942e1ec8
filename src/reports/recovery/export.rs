//! `/reports/recovery.xlsx`: the table, the totals and the years, with the definitions on a sheet
//! of their own. That it was taken is written down.

use actix_web::{HttpResponse, web};

use super::cache;
use super::params::ReportParams;
use super::rules::{self, DEFINITIONS, Figure, GroupBy, Line, Numbers, Unit, percent};
use crate::app::App;
use crate::base::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Chart, Head, Out};
use crate::reports::line_cache::Lines;
use crate::web::download::{WORKBOOK, attachment, noted};
use crate::web::list::export::foot;
use crate::web::session::SignedIn;

/// `GET /reports/recovery.xlsx`
pub async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    params: web::Query<ReportParams>,
) -> AppResult<HttpResponse> {
    let (day, _) = params.day(&app, &me.scope).await?;
    let known = me.bank_data.based_on(app.policy().assumed_in_arrears(app.clock.today()));
    let by = params.by();
    let office = me.office.name.clone();
    let foot = foot(&me, app.clock.today());
    let sheets = move |found: &Lines<Line>| {
        let all = ("合计".to_owned(), rules::total(&found.lines));
        let with_total = |by| {
            let mut rows = rules::groups(&found.lines, by);
            rows.push(all.clone());
            rows
        };
        let title = format!("{office} 回收统计，统计日 {day}，按{}", by.in_words());
        let titles = |title| [title, known.clone()].into_iter().chain(found.note()).collect();
        let mut sheets = vec![
            (head("回收统计", by, titles(title), &foot), cells(with_total(by))),
            definitions(DEFINITIONS, &found.left_out()),
        ];
        if by != GroupBy::DueYear {
            let title = format!("{office} 历年回收，统计日 {day}");
            let years = rules::over_time(&found.lines, day);
            let drawn = "各年到期本金的回收率".to_owned();
            let chart = Chart { title: drawn, of: PRINCIPAL_RATE, labels: "" };
            let head = head("历年", GroupBy::DueYear, titles(title), &foot);
            sheets.push((Head { chart: Some(chart), ..head }, cells(years)));
        }
        write::lists(&sheets)
    };
    let bytes = cache::of_lines(&app, &me.scope, day, sheets).await?.map_err(AppError::broken)?;
    noted(&app, &me, "回收统计", format!("导出 回收统计，统计日 {day}，按{}", by.in_words()))
        .await?;
    Ok(attachment(&format!("回收统计-{day}.xlsx"), WORKBOOK, bytes))
}

/// The column 本金回收率.
const PRINCIPAL_RATE: u16 = 2;

fn head(sheet: &str, by: GroupBy, titles: Vec<String>, foot: &str) -> Head {
    let rates = ["违约率", "本金回收率", "利息回收率", "到期合同回收率"];
    let mut columns = vec![(by.in_words().to_owned(), 24)];
    columns.extend(rates.into_iter().map(|name| (name.to_owned(), 12)));
    columns.extend(Figure::ALL.into_iter().map(|figure| {
        let (unit, width) = if figure.unit() == Unit::Money { ("（元）", 15) } else { ("", 11) };
        (format!("{}{unit}", figure.in_words()), width)
    }));
    let foot = foot.to_owned();
    Head { sheet: sheet.to_owned(), titles, columns, foot, ..Head::default() }
}

fn cells(rows: Vec<(String, Numbers)>) -> Vec<Vec<Out>> {
    rows.into_iter().map(|(name, numbers)| row(name, &numbers)).collect()
}

fn row(name: String, numbers: &Numbers) -> Vec<Out> {
    let rates = [
        numbers.default_rate(),
        numbers.principal_rate(),
        numbers.interest_rate(),
        numbers.contract_rate(),
    ];
    let figure = |figure: Figure| {
        let value = numbers.value(figure);
        if figure.unit() == Unit::Money { Out::Money(Fen::new(value)) } else { Out::Whole(value) }
    };
    let mut cells = vec![Out::Text(name)];
    cells.extend(rates.into_iter().map(share));
    cells.extend(Figure::ALL.into_iter().map(figure));
    cells
}

/// A rate as a number, or a dash.
pub fn share(rate: Option<i64>) -> Out {
    rate.map_or_else(|| Out::Text(percent(None)), Out::Share)
}

/// What the figures of a report mean, and which contracts are in none.
pub fn definitions(of: &[(&str, &str)], left_out: &[String]) -> (Head, Vec<Vec<Out>>) {
    let head = Head {
        sheet: "口径说明".to_owned(),
        titles: vec!["口径说明".to_owned()],
        columns: vec![("指标".to_owned(), 22), ("算法".to_owned(), 110)],
        ..Head::default()
    };
    let text = |text: &str| Out::Text(text.to_owned());
    let mut rows: Vec<Vec<Out>> =
        of.iter().map(|(name, words)| vec![text(name), text(words)]).collect();
    rows.extend(left_out.iter().map(|why| vec![text("没有统计在内"), text(why)]));
    (head, rows)
}
