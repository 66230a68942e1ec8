//! `/family-contacts` 家庭联系: every family once a year, by the day of the next try.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Serialize;

use super::coverage::{Sums, percent};
use super::filter::{Filter, LISTS, ListParams, NEXT, NONE, PATH, Row};
use super::share;
use super::store::{self, Choices};
use crate::base::dates::in_words;
use crate::base::ids::FileId;
use crate::base::place::short_village;
use crate::base::scope::Scope;
use crate::book::contact::record::{self, Record};
use crate::book::contact::task::State;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::web::list::declare::List as _;
use crate::web::list::export::Column;
use crate::web::list::kit::Side;
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("家庭联系", "户");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("档案号", 14, |row, _| (&row.file_no).into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("身份证号（遮盖）", 22, |row, _| (&row.id_mask).into()),
        ("乡镇（街道）", 14, |row, _| (&row.township).into()),
        ("村（社区）", 18, |row, _| (&row.village).into()),
        ("毕业高中", 20, |row, _| (&row.school).into()),
        ("为什么联系", 18, |row, _| row.duty.reason.in_words().into()),
        ("责任人", 16, |row, _| (&row.duty.assignee).into()),
        ("状态", 10, |row, _| row.duty.state.in_words().into()),
        ("计划日期", 12, |row, _| row.duty.planned_on.into()),
        ("下次联系", 12, |row, _| row.duty.next_on.into()),
        ("今年试过（次）", 12, |row, _| row.duty.tries.into()),
        ("联系上的日期", 12, |row, _| row.duty.done_on.into()),
    ];
}

/// A row in words.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    file_no: String,
    name: String,
    id_mask: String,
    township: String,
    village: String,
    school: String,
    reason: &'static str,
    assignee: String,
    state_kind: &'static str,
    state: &'static str,
    /// The day of the next try, or of the conversation.
    when: String,
    late: bool,
    planned: String,
    last: String,
    overdue: bool,
}

#[derive(Debug, Serialize)]
pub struct View {
    year: i32,
    sums: Sums,
    percent: i64,
    choices: Choices,
    none: &'static str,
    rows: Vec<Line>,
    next_day: String,
    coverage: String,
    /// Sheets for the school or the villages that are chosen.
    visits: String,
    all: String,
    next: String,
}

/// Tag of a state: kind and words.
pub fn state_tag(state: State) -> (&'static str, &'static str) {
    let kind = match state {
        State::Open => "wait",
        State::Done => "ok",
        State::Lost => "bad",
        State::Excused => "",
    };
    (kind, state.in_words())
}

/// `电话，本人，无人接听`.
pub fn record_words(record: &Record) -> String {
    let bare = record.party_name.is_empty() || record.party_name == record.party.in_words();
    let who = match bare {
        true => record.party.in_words().to_owned(),
        false => format!("{}（{}）", record.party.in_words(), record.party_name),
    };
    format!("{}，{who}，{}", record.channel.in_words(), record.outcome.said_of(record.channel))
}

fn line(row: &Row, last: Option<&Record>, overdue: &HashSet<FileId>, today: NaiveDate) -> Line {
    let duty = &row.duty;
    let (state_kind, state) = state_tag(duty.state);
    let when = match duty.state {
        State::Done => duty.done_on.unwrap_or(duty.next_on),
        State::Open | State::Lost | State::Excused => duty.next_on,
    };
    let last_words =
        |record: &Record| format!("{} {}", in_words(record.on_day, today), record_words(record));
    Line {
        file_no: row.file_no.clone(),
        name: row.name.clone(),
        id_mask: row.id_mask.clone(),
        township: row.township.clone(),
        village: short_village(&row.village).to_owned(),
        school: row.school.clone(),
        reason: duty.reason.in_words(),
        assignee: duty.assignee.clone(),
        state_kind,
        state,
        when: in_words(when, today),
        late: duty.state == State::Open && duty.next_on <= today,
        planned: in_words(duty.planned_on, today),
        last: last.map(last_words).unwrap_or_default(),
        overdue: overdue.contains(&duty.file_id),
    }
}

impl ListPage for ListParams {
    type List = Filter;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "contacts/list.html";
    const TABS: Tabs = ("list", &LISTS);
    const NOT_NARROWING: &'static [&'static str] = &["list", "year"];

    fn list(&self, me: &SignedIn, today: NaiveDate) -> Filter {
        self.to_filter(me.staff_id, today)
    }

    fn view(&self, found: Found<'_, ListParams>) -> AppResult<View> {
        let Found { db, scope, list: filter, rows, counts, .. } = found;
        let of = |list: &str| counts.of(&LISTS, list);
        let sums = Sums { due: of("all"), done: of("done"), lost: of("lost"), open: of("") };
        let files: Vec<FileId> = rows.iter().map(|row| row.duty.file_id).collect();
        let last = record::last_of(db, scope, &files)?;
        let overdue = store::overdue_of(db, scope, &files)?;
        let line = |row: &Row| line(row, last.get(&row.duty.file_id), &overdue, filter.today);
        let year = filter.year.to_string();
        let but = ["q", "township", "school", "kind", "who"].map(|name| (name, ""));
        Ok(View {
            year: filter.year,
            percent: percent(sums.done, sums.due),
            sums,
            choices: store::choices(db, scope, filter.year)?,
            none: NONE,
            next: if rows.is_empty() { String::new() } else { self.link(NEXT, &[]) },
            rows: rows.iter().map(line).collect(),
            next_day: next_day(db, scope, filter)?,
            visits: visits(self),
            coverage: self.link("/family-contacts/coverage", &[("list", ""), ("year", &year)]),
            all: self.link(PATH, &but),
        })
    }
}

fn visits(params: &ListParams) -> String {
    match (params.school.as_str(), params.township.as_str()) {
        ("" | NONE, "" | NONE) => String::new(),
        ("" | NONE, township) => share::visits("township", township),
        (school, _) => share::visits("school", school),
    }
}

/// When the list of today is empty: the next day with families.
fn next_day(db: &mut Db, scope: &Scope, filter: &Filter) -> AppResult<String> {
    if filter.list != "today" {
        return Ok(String::new());
    }
    let open = Filter { list: String::new(), ..filter.clone() };
    let page = open.page(db, scope, &Side::Start, 1)?;
    Ok(page.rows.first().map(|row| in_words(row.duty.next_on, filter.today)).unwrap_or_default())
}
