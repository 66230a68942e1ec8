//! `/family-contacts` 家庭联系: every family once a year, by the day of the next try.

use std::collections::HashSet;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::coverage::{Sums, percent};
use super::filter::{Filter, ListParams, NONE, PATH};
use super::share;
use super::store::{self, Choices, Page, Row};
use crate::app::App;
use crate::base::dates::in_words;
use crate::base::ids::FileId;
use crate::base::place::short_village;
use crate::book::contact::record::{self, Record};
use crate::book::contact::task::State;
use crate::error::AppResult;
use crate::web::session::SignedIn;
use crate::web::shell;

/// The chips: list and name.
const LISTS: [(&str, &str); 7] = [
    ("", "未联系"),
    ("today", "今天要联系"),
    ("mine", "我负责的"),
    ("enters", "开始还款的"),
    ("done", "已联系"),
    ("lost", "失联"),
    ("all", "全部"),
];

#[derive(Clone, Debug, Serialize)]
struct Chip {
    name: &'static str,
    count: i64,
    link: String,
    on: bool,
}

/// A row in words.
#[derive(Clone, Debug, Serialize)]
struct Line {
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

#[derive(Debug, Default, Serialize)]
struct Neighbours {
    first: String,
    before: String,
    after: String,
}

#[derive(Debug, Serialize)]
struct View {
    asked: ListParams,
    year: i32,
    sums: Sums,
    percent: i64,
    selected: i64,
    chips: Vec<Chip>,
    choices: Choices,
    none: &'static str,
    rows: Vec<Line>,
    next_to: Neighbours,
    next_day: String,
    export: String,
    coverage: String,
    /// Sheets for the school or the villages that are chosen.
    visits: String,
    all: String,
    next: String,
    narrowed: bool,
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

fn neighbours(asked: &ListParams, page: &Page) -> Neighbours {
    let link = |name: &str, row: Option<&Row>, there: bool| match row.filter(|_| there) {
        Some(row) => asked.link(PATH, &[(name, &row.key().to_text())]),
        None => String::new(),
    };
    Neighbours {
        first: if page.has_before { asked.link(PATH, &[]) } else { String::new() },
        before: link("before", page.rows.first(), page.has_before),
        after: link("after", page.rows.last(), page.has_after),
    }
}

/// `GET /family-contacts`
pub async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    asked: web::Query<ListParams>,
) -> AppResult<HttpResponse> {
    let asked = asked.into_inner();
    let today = app.clock.today();
    let filter = asked.to_filter(me.staff_id, today);
    let (scope, inner, of, staff_id) =
        (me.scope.clone(), filter.clone(), asked.clone(), me.staff_id);
    let (page, counts, choices, last, overdue) = app
        .read(move |db| {
            let page = store::page(db, &scope, &inner)?;
            let mut counts = Vec::new();
            for (list, _) in LISTS {
                let other = ListParams { list: list.to_owned(), ..of.clone() };
                counts.push(store::count(db, &scope, &other.to_filter(staff_id, today))?);
            }
            let files: Vec<FileId> = page.rows.iter().map(|row| row.duty.file_id).collect();
            let choices = store::choices(db, &scope, inner.year)?;
            let last = record::last_of(db, &scope, &files)?;
            Ok((page, counts, choices, last, store::overdue_of(db, &scope, &files)?))
        })
        .await?;
    let of = |list: &str| {
        let at = LISTS.iter().position(|(name, _)| *name == list);
        at.and_then(|at| counts.get(at)).copied().unwrap_or_default()
    };
    let sums = Sums { due: of("all"), done: of("done"), lost: of("lost"), open: of("") };
    let known = LISTS.iter().any(|(list, _)| *list == asked.list);
    let rows: Vec<Line> = page
        .rows
        .iter()
        .map(|row| line(row, last.get(&row.duty.file_id), &overdue, today))
        .collect();
    let year = filter.year.to_string();
    let view = View {
        year: filter.year,
        percent: percent(sums.done, sums.due),
        sums,
        selected: if known { of(&asked.list) } else { of("") },
        chips: chips(&asked, &counts),
        choices,
        none: NONE,
        next: rows.first().map(|row| format!("{PATH}/{}", row.file_no)).unwrap_or_default(),
        rows,
        next_to: neighbours(&asked, &page),
        next_day: next_day(&app, &me, &filter).await?,
        export: asked.link("/family-contacts.xlsx", &[]),
        visits: visits(&asked),
        coverage: asked.link("/family-contacts/coverage", &[("list", ""), ("year", &year)]),
        all: asked.link(PATH, &[("township", ""), ("school", ""), ("kind", ""), ("who", "")]),
        narrowed: asked.is_narrowed(),
        asked,
    };
    shell::page(&app, &me, &req, "contacts/list.html", view)
}

fn visits(asked: &ListParams) -> String {
    match (asked.school.as_str(), asked.township.as_str()) {
        ("" | NONE, "" | NONE) => String::new(),
        ("" | NONE, township) => share::visits("township", township),
        (school, _) => share::visits("school", school),
    }
}

/// When the list of today is empty: the next day with families.
async fn next_day(app: &App, me: &SignedIn, filter: &Filter) -> AppResult<String> {
    if filter.by_day.is_none() {
        return Ok(String::new());
    }
    let open = Filter { by_day: None, after: None, before: None, ..filter.clone() };
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let page = app.read(move |db| store::page(db, &scope, &open)).await?;
    Ok(page.rows.first().map(|row| in_words(row.duty.next_on, today)).unwrap_or_default())
}

fn chips(asked: &ListParams, counts: &[i64]) -> Vec<Chip> {
    LISTS
        .into_iter()
        .zip(counts)
        .map(|((list, name), count)| Chip {
            name,
            count: *count,
            link: asked.link(PATH, &[("list", list)]),
            on: asked.list == list,
        })
        .collect()
}
