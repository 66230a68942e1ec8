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

impl Line {
    /// None where there are no rows: blank, as on the page.
    fn cell(&self, at: usize) -> Option<&Cell> {
        self.cells.get(at).filter(|cell| cell.count > 0)
    }

    fn count(&self, at: usize) -> Option<i64> {
        self.cell(at).map(|cell| cell.count)
    }

    fn sum(&self, at: usize) -> Option<Fen> {
        self.cell(at).map(|cell| cell.sum)
    }
}

/// As on the page: count and sum for each of [`TABS`].
const COLUMNS: [Column<Line, ()>; 11] = [
    ("高校", 28, |row, ()| if row.name.is_empty() { "合计" } else { row.name.as_str() }.into()),
    ("待核对（份）", 12, |row, ()| row.count(0).into()),
    ("待核对（元）", 16, |row, ()| row.sum(0).into()),
    ("还没有回执（份）", 16, |row, ()| row.count(1).into()),
    ("还没有回执（元）", 16, |row, ()| row.sum(1).into()),
    ("一致（份）", 12, |row, ()| row.count(2).into()),
    ("一致（元）", 16, |row, ()| row.sum(2).into()),
    ("已采用（份）", 12, |row, ()| row.count(3).into()),
    ("已采用（元）", 16, |row, ()| row.sum(3).into()),
    ("已退回（份）", 12, |row, ()| row.count(4).into()),
    ("已退回（元）", 16, |row, ()| row.sum(4).into()),
];

/// `GET /receipts/report.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let (_, lines) = read(&desk, params.into_inner().year).await?;
    let name = ("高校回执复核报告", "行");
    Workbook::new(&lines, &COLUMNS, &()).answer(&desk.app, &desk.me, name, "").await
}
