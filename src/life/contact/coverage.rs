//! `/family-contacts/coverage` 家庭联系完成情况: how many families were spoken with, by clerk, township,
//! school or year; and the same as a workbook.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::filter::{ListParams, NONE, PATH};
use super::store::{self, Cell};
use crate::app::App;
use crate::base::url::link;
use crate::book::contact::task::{AssigneeKind, State};
use crate::error::AppResult;
use crate::plumbing::sheet::write::Out;
use crate::web::desk_request::DeskRequest;
use crate::web::list::export::{Column, Workbook};
use crate::web::session::SignedIn;

/// What a line of coverage counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Families to be spoken with.
    pub due: i64,
    pub done: i64,
    pub lost: i64,
    pub open: i64,
}

impl Sums {
    /// Counts so many in a state; what is not needed is not due.
    pub fn add(&mut self, state: State, count: i64) {
        match state {
            State::Excused => return,
            State::Done => self.done += count,
            State::Lost => self.lost += count,
            State::Open => self.open += count,
        }
        self.due += count;
    }
}

/// Whole percent, rounded down: 100 only when all are done.
pub const fn percent(part: i64, whole: i64) -> i64 {
    if whole == 0 { 0 } else { part * 100 / whole }
}

/// By what it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GroupBy {
    Clerk,
    Township,
    School,
    Year,
}

impl GroupBy {
    const ALL: [GroupBy; 4] = [GroupBy::Clerk, GroupBy::Township, GroupBy::School, GroupBy::Year];

    const fn as_text(self) -> &'static str {
        match self {
            GroupBy::Clerk => "clerk",
            GroupBy::Township => "township",
            GroupBy::School => "school",
            GroupBy::Year => "year",
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            GroupBy::Clerk => "责任人",
            GroupBy::Township => "乡镇",
            GroupBy::School => "毕业高中",
            GroupBy::Year => "年度",
        }
    }

    fn from_text(text: &str) -> GroupBy {
        GroupBy::ALL.into_iter().find(|by| by.as_text() == text).unwrap_or(GroupBy::Clerk)
    }
}

/// `?by=&year=`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CoverageParams {
    by: String,
    year: String,
}

/// One line, each figure with its list.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    sums: Sums,
    percent: i64,
    due: String,
    done: String,
    lost: String,
    open: String,
}

#[derive(Debug, Serialize)]
struct View {
    by: &'static str,
    by_words: &'static str,
    tabs: Vec<(&'static str, String, bool)>,
    year: i32,
    years: Vec<(i32, String)>,
    lines: Vec<Line>,
    all: Line,
    export: String,
}

fn line(by: GroupBy, year: i32, (kind, name): &(AssigneeKind, String), sums: Sums) -> Line {
    let key = if name.is_empty() { NONE } else { name.as_str() };
    let year = year.to_string();
    let to = |list: &str| {
        let mut fields = vec![("list", list)];
        match by {
            GroupBy::Clerk => fields.extend([("kind", kind.as_text()), ("who", key)]),
            GroupBy::Township => fields.push(("township", key)),
            GroupBy::School => fields.push(("school", key)),
            GroupBy::Year => {}
        }
        fields.push(("year", if by == GroupBy::Year { key } else { &year }));
        link(PATH, &fields)
    };
    let shown = match (by, kind, name.as_str()) {
        (GroupBy::Clerk, _, "") => "还没有分配".to_owned(),
        (GroupBy::Clerk, AssigneeKind::Clerk, name) => name.to_owned(),
        (GroupBy::Clerk, kind, name) => format!("{}：{name}", kind.in_words()),
        (GroupBy::Township | GroupBy::School | GroupBy::Year, _, "") => "没有登记".to_owned(),
        (GroupBy::Year, _, name) => format!("{name} 年"),
        (GroupBy::Township | GroupBy::School, _, name) => name.to_owned(),
    };
    Line {
        name: shown,
        percent: percent(sums.done, sums.due),
        sums,
        due: to("all"),
        done: to("done"),
        lost: to("lost"),
        open: to(""),
    }
}

/// The lines of the table, and the sum of all.
fn lines(by: GroupBy, year: i32, cells: Vec<Cell>) -> (Vec<Line>, Line) {
    let mut groups: BTreeMap<(AssigneeKind, String), Sums> = BTreeMap::new();
    let mut all = Sums::default();
    for (kind, name, state, count) in cells {
        groups.entry((kind, name)).or_default().add(state, count);
        all.add(state, count);
    }
    let mut lines: Vec<Line> = groups
        .iter()
        .filter(|(_, sums)| sums.due > 0)
        .map(|(key, sums)| line(by, year, key, *sums))
        .collect();
    if by == GroupBy::Year {
        lines.reverse();
    }
    let year_text = year.to_string();
    let to = |list: &str| link(PATH, &[("list", list), ("year", &year_text)]);
    let whole = Line {
        name: "合计".to_owned(),
        percent: percent(all.done, all.due),
        sums: all,
        due: to("all"),
        done: to("done"),
        lost: to("lost"),
        open: to(""),
    };
    (lines, whole)
}

async fn cells(
    app: &App,
    me: &SignedIn,
    by: GroupBy,
    year: i32,
) -> AppResult<(Vec<Cell>, Vec<i32>)> {
    let scope = me.scope.clone();
    app.read(move |db| {
        let cells = match by {
            GroupBy::Clerk => store::by_assignee(db, &scope, year)?,
            GroupBy::Township => store::by_place(db, &scope, year, false)?,
            GroupBy::School => store::by_place(db, &scope, year, true)?,
            GroupBy::Year => store::by_year(db, &scope)?,
        };
        Ok((cells, store::choices(db, &scope, year)?.years))
    })
    .await
}

fn to_filter(params: &CoverageParams, app: &App, me: &SignedIn) -> (GroupBy, i32) {
    let of = ListParams { year: params.year.clone(), ..ListParams::default() };
    (GroupBy::from_text(&params.by), of.to_filter(me.staff_id, app.clock.today()).year)
}

/// `GET /family-contacts/coverage`
pub async fn show(
    desk: DeskRequest,
    params: web::Query<CoverageParams>,
) -> AppResult<HttpResponse> {
    let (by, year) = to_filter(&params, &desk.app, &desk.me);
    let (cells, years) = cells(&desk.app, &desk.me, by, year).await?;
    let (lines, all) = lines(by, year, cells);
    let year_text = year.to_string();
    let here =
        |path: &str, by: GroupBy, year: &str| link(path, &[("by", by.as_text()), ("year", year)]);
    let path = "/family-contacts/coverage";
    let view = View {
        by: by.as_text(),
        by_words: by.in_words(),
        tabs: GroupBy::ALL
            .into_iter()
            .map(|one| (one.in_words(), here(path, one, &year_text), one == by))
            .collect(),
        year,
        years: years.into_iter().map(|y| (y, here(path, by, &y.to_string()))).collect(),
        lines,
        all,
        export: here("/family-contacts/coverage.xlsx", by, &year_text),
    };
    desk.page("contacts/coverage.html", view)
}

/// `GET /family-contacts/coverage.xlsx`
pub async fn workbook(
    desk: DeskRequest,
    params: web::Query<CoverageParams>,
) -> AppResult<HttpResponse> {
    let (app, me) = (&desk.app, &desk.me);
    let (by, year) = to_filter(&params, app, me);
    let (cells, _) = cells(app, me, by, year).await?;
    let (mut lines, all) = lines(by, year, cells);
    if by != GroupBy::Year {
        lines.push(all);
    }
    let columns: [Column<Line, ()>; 6] = [
        (by.in_words(), 26, |line, ()| (&line.name).into()),
        ("应联系（户）", 12, |line, ()| line.sums.due.into()),
        ("已联系（户）", 12, |line, ()| line.sums.done.into()),
        ("已联系率", 12, |line, ()| {
            let share = line.sums.done.saturating_mul(10_000).checked_div(line.sums.due);
            share.map_or(Out::Blank, Out::Share)
        }),
        ("失联（户）", 12, |line, ()| line.sums.lost.into()),
        ("未联系（户）", 12, |line, ()| line.sums.open.into()),
    ];
    let (office, today) = (&me.office.name, desk.today());
    let title = format!("{office} {year}年家庭联系完成情况，按{}，到 {today}", by.in_words());
    Workbook::new(&lines, &columns, &()).titled(app, me, ("家庭联系完成情况", "行"), title).await
}
