//! `/bookings`: one day at the counters, ticket by ticket, and calling the next.

use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::rules::{self, Kind, Source, State, Step};
use super::steps;
use super::store::{self, Booking, CounterDay};
use crate::base::choice::Choice;
use crate::base::dates::{in_words, weekday_in_words};
use crate::base::ids::{PersonId, RowId};
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::error::{AppError, AppResult};
use crate::plumbing::schema::{booking, counter_day, loan_file, person};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Form, Seen};
use crate::web::list::declare::{Columns, List, Tables};
use crate::web::list::export::Column;
use crate::web::list::filter::anywhere;
use crate::web::list::kit::{Condition, Keyset, Term};
use crate::web::list::page::{Export, Found, ListPage, Tabs};
use crate::web::session::SignedIn;
use crate::web::shell;

pub const PATH: &str = "/bookings";

crate::list_params! {
    ListParams {
        /// Part of a name, or a ticket such as `A007`.
        q,
        /// The day; nothing: today.
        on,
        place,
        /// A [`State`].
        tab,
        /// The desk of who looks, 1 to 50.
        desk,
    }
}

pub const TABS: [(&str, &str); 7] = [
    ("", "全部"),
    ("booked", "已预约"),
    ("waiting", "等候"),
    ("called", "办理中"),
    ("done", "已办"),
    ("no_show", "没有来"),
    ("cancelled", "已取消"),
];

/// A day of all counters, or of one.
#[derive(Clone, Debug)]
pub struct Bookings {
    params: ListParams,
    on: NaiveDate,
}

#[derive(Clone, Debug, Queryable, Serialize)]
pub struct Row {
    id: RowId,
    slot_min: Option<i32>,
    turn_min: i32,
    name: String,
    township: Option<String>,
    file_no: Option<String>,
    kind: Kind,
    source: Source,
    state: State,
    ticket: Option<i32>,
    desk: Option<i32>,
    version: i32,
    place: String,
    series: String,
    called_at: Option<NaiveDateTime>,
    done_at: Option<NaiveDateTime>,
}

impl Row {
    fn ticket(&self) -> String {
        self.ticket.map(|number| rules::ticket(&self.series, number)).unwrap_or_default()
    }

    fn time(&self) -> String {
        self.slot_min.map(rules::time).unwrap_or_default()
    }
}

impl List for Bookings {
    type Row = Row;

    fn tables(&self) -> Tables {
        let tables = "booking JOIN counter_day ON counter_day.id = booking.day_id \
             LEFT JOIN person ON person.id = booking.person_id \
             LEFT JOIN loan_file ON loan_file.person_id = booking.person_id \
             AND loan_file.office_code = booking.office_code";
        Tables(tables, "booking.office_code")
    }

    fn columns() -> impl Columns<Row> {
        (
            booking::id,
            booking::slot_min,
            booking::turn_min,
            booking::name,
            person::township.nullable(),
            loan_file::file_no.nullable(),
            booking::kind,
            booking::source,
            booking::state,
            booking::ticket,
            booking::desk,
            booking::version,
            counter_day::place,
            counter_day::series,
            booking::called_at,
            booking::done_at,
        )
    }

    fn condition(&self) -> Condition {
        let tab = self.params.tab.as_str();
        match State::from_text(tab) {
            Some(state) => self.of_day().and(is(state)),
            None => self.of_day(),
        }
    }

    fn order(&self) -> Keyset<Row> {
        const TURN: Term<Row> = Term::whole("booking.turn_min", |row| row.turn_min.into());
        const ID: Term<Row> = Term::whole("booking.id", |row| row.id.get().into());
        const { Keyset(&[TURN, ID]) }
    }

    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.of_day())
    }

    fn tabs(&self) -> Vec<Condition> {
        TABS.iter().map(|(tab, _)| State::from_text(tab).map_or_else(any, is)).collect()
    }
}

fn any() -> Condition {
    Condition::new("TRUE")
}

fn is(state: State) -> Condition {
    Condition::new("booking.state = ?").bind(state.as_text())
}

impl Bookings {
    fn of_day(&self) -> Condition {
        let mut all = vec![Condition::new("counter_day.on_day = ?").bind(self.on)];
        let (place, q) = (&self.params.place, self.params.q.trim());
        if !place.is_empty() {
            all.push(Condition::new("counter_day.place = ?").bind(place));
        }
        if !q.is_empty() {
            let digits = q.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            all.push(match digits.parse::<i32>() {
                Ok(number) => Condition::new("booking.ticket = ?").bind(number),
                Err(_) => {
                    let text = "person.name_key LIKE ? ESCAPE '\\' \
                         OR booking.name LIKE ? ESCAPE '\\'";
                    Condition::new(text).bind(anywhere(&name_key(q))).bind(anywhere(q))
                }
            });
        }
        Condition::all(all)
    }
}

impl ListParams {
    /// What was understood, on a day.
    pub fn to_list(&self, today: NaiveDate) -> Bookings {
        Bookings { params: self.clone(), on: self.on.parse().unwrap_or(today) }
    }
}

/// A place on the day, beside its list.
#[derive(Serialize)]
struct Counter {
    #[serde(flatten)]
    day: CounterDay,
    waiting: usize,
    served: usize,
    /// Minutes until who takes a ticket now is called.
    forecast: i64,
    slots: Vec<(String, i64)>,
    /// Desks with what they have before them.
    at_desks: Vec<AtDesk>,
}

/// A ticket that was called.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct AtDesk {
    desk: i32,
    ticket: String,
    name: String,
    /// None: only the name is known.
    person: Option<PersonId>,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: Row,
    time: String,
    ticket: String,
    words: [&'static str; 3],
    steps: Vec<Choice>,
}

#[derive(Serialize)]
pub struct View {
    rows: Vec<Line>,
    counters: Vec<Counter>,
    places: Vec<String>,
    day_in_words: String,
    on: NaiveDate,
    is_today: bool,
    before: String,
    next: String,
}

impl ListPage for ListParams {
    type List = Bookings;
    type View = View;
    const PATH: &'static str = PATH;
    const TEMPLATE: &'static str = "booking/list.html";
    const TABS: Tabs = ("tab", &TABS);
    const NOT_NARROWING: &'static [&'static str] = &["tab", "on", "desk", "place"];

    fn list(&self, _: &SignedIn, today: NaiveDate) -> Bookings {
        self.to_list(today)
    }

    fn view(&self, of: Found<'_, ListParams>) -> AppResult<View> {
        let (on, today) = (of.list.on, of.app.clock.today());
        let days = store::days(of.db, of.scope, (on, on))?;
        let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
        let bookings = store::of_days(of.db, of.scope, &ids)?;
        let other = |day: Option<NaiveDate>| {
            let on = day.unwrap_or(on).to_string();
            link(PATH, &[("on", &on), ("place", &self.place), ("desk", &self.desk)])
        };
        Ok(View {
            places: days.iter().map(|day| day.place.clone()).collect(),
            counters: days
                .into_iter()
                .filter(|day| self.place.is_empty() || day.place == self.place)
                .map(|day| counter(day, &bookings))
                .collect(),
            rows: of.rows.into_iter().map(|row| line(row, on == today)).collect(),
            day_in_words: format!("{}（{}）", in_words(on, today), weekday_in_words(on)),
            on,
            is_today: on == today,
            before: other(on.pred_opt()),
            next: other(on.succ_opt()),
        })
    }
}

fn line(row: Row, is_today: bool) -> Line {
    let offered = |step: &Step| match step {
        Step::Call => false,
        Step::Arrive => is_today,
        _ => true,
    };
    Line {
        time: row.time(),
        ticket: row.ticket(),
        words: [row.kind.in_words(), row.source.in_words(), row.state.in_words()],
        steps: row.state.steps().filter(offered).map(Choice::from).collect(),
        row,
    }
}

fn counter(day: CounterDay, bookings: &[Booking]) -> Counter {
    let own: Vec<&Booking> = bookings.iter().filter(|one| one.day_id == day.id).collect();
    let of = |state: State| own.iter().filter(move |one| one.state == state);
    let pace: Vec<i64> = of(State::Done).filter_map(|one| minutes(one)).collect();
    let waiting = of(State::Waiting).count();
    let ahead = i64::try_from(waiting).unwrap_or_default();
    let taken = |slot: i32| {
        let takes = |one: &&&Booking| one.slot_min == Some(slot) && one.state.takes_place();
        i64::try_from(own.iter().filter(takes).count()).unwrap_or_default()
    };
    let slots = rules::slots(&day.hours).unwrap_or_default();
    let mut at_desks: Vec<AtDesk> = of(State::Called)
        .filter_map(|one| {
            let ticket = rules::ticket(&day.series, one.ticket?);
            let (name, person) = (one.name.clone(), one.person_id);
            Some(AtDesk { desk: one.desk?, ticket, name, person })
        })
        .collect();
    at_desks.sort();
    Counter {
        waiting,
        served: of(State::Done).count(),
        forecast: rules::forecast(ahead, i64::from(day.desks), &pace),
        slots: slots.into_iter().map(|slot| (rules::time(slot), taken(slot))).collect(),
        at_desks,
        day,
    }
}

/// What a household that was served took.
pub fn minutes(one: &Booking) -> Option<i64> {
    Some(one.done_at?.signed_duration_since(one.called_at?).num_minutes())
}

impl Export for ListParams {
    const NAME: (&'static str, &'static str) = ("预约叫号", "户");
    const COLUMNS: &'static [Column<Row, NaiveDate>] = &[
        ("地点", 18, |row, _| (&row.place).into()),
        ("时间", 8, |row, _| row.time().into()),
        ("号", 8, |row, _| row.ticket().into()),
        ("姓名", 10, |row, _| (&row.name).into()),
        ("乡镇", 14, |row, _| row.township.as_ref().into()),
        ("档案号", 14, |row, _| row.file_no.as_ref().into()),
        ("首贷/续贷", 10, |row, _| row.kind.in_words().into()),
        ("怎么约的", 14, |row, _| row.source.in_words().into()),
        ("状态", 10, |row, _| row.state.in_words().into()),
    ];
}

/// Back to the list that the form came from.
fn back(form: &Form) -> String {
    let of = ["on", "place", "tab", "desk"].map(|name| (name, form.0.get(name)));
    link(PATH, &of)
}

/// What a form of the list was refused for, as the sentence over the list.
fn sentence(error: AppError) -> AppResult<String> {
    match error {
        AppError::Refused(why) => Ok(why),
        AppError::Changed => Ok("别人刚刚改过这一户，看看现在的情况再办".to_owned()),
        AppError::Invalid(all) => Ok(all.into_iter().map(|one| one.message).collect()),
        other => Err(other),
    }
}

/// `POST /bookings/call`
pub async fn call(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let (to, day) = (back(&form), form.0.id("day").ok_or(AppError::Changed)?);
    let number = form.0.get("desk").parse().unwrap_or_default();
    let called = desk
        .act("ticket called", move |act| {
            let next = steps::call_next(act, day, number)?;
            let series = store::day(act.db, act.scope, day)?.series;
            Ok(next.map(|one| (rules::ticket(&series, one.ticket.unwrap_or_default()), one.name)))
        })
        .await;
    desk.app.note_change();
    let words = match called {
        Ok(Some((ticket, name))) => format!("请 {ticket} {name}到 {number} 号窗口"),
        Ok(None) => "现在没有人在等".to_owned(),
        Err(error) => sentence(error)?,
    };
    shell::done(&desk.app, &to, &words)
}

/// `POST /bookings/{id}`
pub async fn step(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let (to, seen) = (back(&form), Seen { id: *id, version: form.0.version()? });
    let Some(step) = Step::from_text(form.0.get("step")) else {
        return shell::done(&desk.app, &to, "没有这一步，请用名单里的按钮");
    };
    let done = desk.act("booking step", move |act| steps::step(act, seen, step, None)).await;
    desk.app.note_change();
    let words = match done {
        Ok(one) => format!("{}：{}", one.name, one.state.in_words()),
        Err(error) => sentence(error)?,
    };
    shell::done(&desk.app, &to, &words)
}
