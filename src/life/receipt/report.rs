//! `/receipts/report`: the county's re-check after the last day for receipts, counts and sums by
//! state and university. Each figure leads to the rows that it is made of.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::list::{ListParams, PATH, Receipts, TABS};
use super::rules::school_year;
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::list::declare::List as _;
use crate::web::list::export::{Column, ROWS_MAX, Workbook};

/// A figure: rows of a state at a university, or at all of them.
#[derive(Clone, Debug, Default, Serialize)]
struct Cell {
    count: i64,
    sum: Fen,
    link: String,
}

/// A university with a cell for each tab of the list; without a name: all together.
#[derive(Clone, Debug, Serialize)]
struct Line {
    name: String,
    cells: Vec<Cell>,
}

fn lines(db: &mut Db, scope: &Scope, all: &Receipts) -> AppResult<Vec<Line>> {
    let year = all.year.to_string();
    let mut found: BTreeMap<String, Line> = BTreeMap::new();
    for (at, (tab, _)) in TABS.iter().enumerate() {
        for row in all.of(tab).all(db, scope, ROWS_MAX)? {
            let amount = row.amount.or(row.principal).unwrap_or_default();
            for name in [row.university.as_str(), ""] {
                let line = found.entry(name.to_owned()).or_insert_with(|| {
                    let at = |(tab, _): &(&str, &str)| {
                        let of = [("tab", *tab), ("university", name), ("year", &year)];
                        Cell { link: link(PATH, &of), ..Cell::default() }
                    };
                    Line { name: name.to_owned(), cells: TABS.iter().map(at).collect() }
                });
                if let Some(cell) = line.cells.get_mut(at) {
                    cell.count += 1;
                    cell.sum += amount;
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

#[derive(Serialize)]
struct ReportPage {
    year: i32,
    school_year: String,
    /// When it is due, where the county asks for it.
    due_on: Option<String>,
    states: Vec<&'static str>,
    lines: Vec<Line>,
}

async fn read(desk: &DeskRequest, year: String) -> AppResult<(i32, Vec<Line>)> {
    let all = ListParams { year, ..ListParams::default() }.to_list(desk.today());
    desk.read(move |db, scope| Ok((all.year, lines(db, scope, &all)?))).await
}

/// `GET /receipts/report`
pub async fn show(desk: DeskRequest, params: web::Query<ListParams>) -> AppResult<HttpResponse> {
    let (year, lines) = read(&desk, params.into_inner().year).await?;
    let due_on = desk.app.policy().receipt_recheck(year);
    let page = ReportPage {
        year,
        school_year: school_year(year),
        due_on: due_on.map(|on| in_words(on, desk.today())),
        states: TABS.iter().map(|(_, words)| *words).collect(),
        lines,
    };
    desk.page("receipt/report.html", page)
}

type Cells = (String, &'static str, Cell);

const COLUMNS: [Column<Cells, ()>; 4] = [
    ("高校", 28, |row, ()| (&row.0).into()),
    ("状态", 12, |row, ()| row.1.into()),
    ("份数", 10, |row, ()| row.2.count.into()),
    ("贷款金额（元）", 16, |row, ()| row.2.sum.into()),
];

/// `GET /receipts/report.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (_, lines) = read(&desk, params.into_inner().year).await?;
    let cells = |line: Line| {
        let name = if line.name.is_empty() { "合计".to_owned() } else { line.name };
        let of = |((_, words), cell): (&(&str, &'static str), Cell)| (name.clone(), *words, cell);
        TABS.iter().zip(line.cells).map(of).collect::<Vec<_>>()
    };
    let rows: Vec<Cells> = lines.into_iter().flat_map(cells).collect();
    let name = ("高校回执复核报告", "行");
    Workbook::new(&rows, &COLUMNS, &()).answer(&desk.app, &desk.me, name, "").await
}
