//! Times for one household, typed at the desk, and for all pupils of a school at once.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::list::PATH;
use super::rules::{self, Kind, Source};
use super::steps::{self, Household};
use super::store;
use crate::base::choice::Choice;
use crate::base::dates::{in_words, weekday_in_words};
use crate::base::ids::RowId;
use crate::base::url::link;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Days ahead that a form offers.
const AHEAD: u64 = 60;
/// `slot` of a ticket without a time.
const NOW: &str = "now";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    /// A file number or a name.
    who: String,
    /// A day and place, by the identity of the day.
    day: String,
}

#[derive(Serialize)]
struct NewPage {
    who: String,
    day: String,
    days: Vec<Choice>,
    slots: Vec<Choice>,
    kinds: Vec<Choice>,
    bring: [Vec<String>; 2],
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "booking/new.html";
    const REFUSED_AT: &'static str = "who";

    fn fields(&self) -> Fields {
        let form = Fields::default().with("who", &self.who).with("day", &self.day);
        form.with("kind", Kind::Renewal.as_text())
    }
}

async fn page(desk: &DeskRequest, params: PageParams) -> AppResult<NewPage> {
    let today = desk.today();
    let until = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    let now = steps::minute_of(desk.app.clock.now_at());
    let (days, taken) = desk
        .read(move |db, scope| {
            let days = store::days(db, scope, (today, until))?;
            let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
            let taken = store::taken(db, scope, &ids)?;
            Ok((days, taken))
        })
        .await?;
    let chosen = days.iter().find(|day| day.id.to_string() == params.day);
    let chosen = chosen.or_else(|| days.iter().find(|day| day.closed_reason.is_empty()));
    let mut free = Vec::new();
    if let Some(day) = chosen {
        if day.on_day == today {
            free.push(Choice::new(NOW, "现场取号，不约时间"));
        }
        let slots = rules::slots(&day.hours).unwrap_or_default();
        let capacity = day.capacity(&slots);
        let given = |slot| taken.get(&(day.id, slot)).copied().unwrap_or_default();
        free.extend(capacity.free(given, "", (today, now)).into_iter().map(|(slot, given)| {
            let left = capacity.per_slot - given;
            Choice::new(slot, format!("{}，还有 {left} 户", rules::time(slot)))
        }));
    }
    let words = |on: NaiveDate| format!("{}（{}）", in_words(on, today), weekday_in_words(on));
    let policy = desk.app.policy();
    let papers = &policy.counter_papers.on(today).papers;
    Ok(NewPage {
        day: chosen.map(|day| day.id.to_string()).unwrap_or_default(),
        who: params.who,
        days: days
            .iter()
            .filter(|day| day.closed_reason.is_empty())
            .map(|day| Choice::new(day.id, format!("{}，{}", words(day.on_day), day.place)))
            .collect(),
        slots: free,
        kinds: Choice::all(Kind::ALL),
        bring: [Kind::First, Kind::Renewal].map(|kind| rules::to_bring(papers, kind, None)),
    })
}

/// `GET /bookings/new`
pub async fn show(desk: DeskRequest, params: web::Query<PageParams>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, params.into_inner()).await?)
}

/// `POST /bookings/new`
pub async fn book(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let params =
        PageParams { who: form.0.get("who").to_owned(), day: form.0.get("day").to_owned() };
    desk.submit(form, page(&desk, params), async |form| {
        let who = form.text("who", 30);
        form.required("who", "请写学生姓名，或者贷款档案号");
        let kind = form.choice("kind", Kind::from_text, "请选首贷还是续贷");
        let day: Option<RowId> = form.id("day");
        if day.is_none() {
            form.reject("day", "请选哪一天；一天都没有时，先到“开放时间”里开放");
        }
        let slot: Option<i32> = form.get("slot").parse().ok();
        let is_now = form.get("slot") == NOW;
        if slot.is_none() && !is_now {
            form.reject("slot", "请选一个时间");
        }
        let (kind, day) = form.checked(kind.zip(day))?;
        let (name, year) = (who.clone(), desk.today().year());
        let mut found = desk.read(move |db, scope| store::named(db, scope, &name, year)).await?;
        if found.len() > 1 {
            let of = |(_, name, township, no): &store::Named| {
                format!("{name}（{township}，{}）", no.as_deref().unwrap_or("还没有档案"))
            };
            let all: Vec<String> = found.iter().map(of).collect();
            form.reject("who", format!("有 {} 位同名，请写档案号：{}", all.len(), all.join("；")));
            form.check()?;
        }
        let known = found.pop();
        let person = known.as_ref().map(|(id, ..)| *id);
        let name = known.map_or(who, |(_, name, ..)| name);
        let source = if is_now { Source::Door } else { Source::Desk };
        let household = Household { person, name, kind, source };
        let (booking, of) = desk
            .act("booking", move |act| {
                let booking = match slot {
                    Some(slot) => steps::book(act, (day, slot), &household)?,
                    None => steps::take_ticket(act, day, &household)?,
                };
                let of = store::day(act.db, act.scope, day)?;
                Ok((booking, of))
            })
            .await?;
        desk.app.note_change();
        let to = link(PATH, &[("on", &of.on_day.to_string()), ("place", &of.place)]);
        let name = &booking.name;
        let unknown = if booking.person_id.is_none() {
            "；库里没有这个人，只记了姓名"
        } else {
            ""
        };
        Ok(Done::to(
            to,
            match (booking.ticket, booking.slot_min) {
                (Some(number), _) => {
                    format!("{name}的号是 {}{unknown}", rules::ticket(&of.series, number))
                }
                (None, slot) => {
                    let at = rules::time(slot.unwrap_or_default());
                    format!("已给{name}约在 {} {at}{unknown}", of.on_day)
                }
            },
        ))
    })
    .await
}

#[derive(Serialize)]
struct SchoolsPage {
    schools: Vec<Choice>,
    count: usize,
    places: Vec<Choice>,
    today: NaiveDate,
    /// Sets one form apart from the next with the same words.
    key: String,
}

impl FormPage for SchoolsPage {
    const TEMPLATE: &'static str = "booking/schools.html";
    const REFUSED_AT: &'static str = "school";

    fn fields(&self) -> Fields {
        let form = Fields::default().with("from", self.today);
        match self.places.first() {
            Some(first) => form.with("place", &first.value),
            None => form,
        }
    }
}

async fn schools_page(desk: &DeskRequest) -> AppResult<SchoolsPage> {
    let today = desk.today();
    let (pupils, series) = desk
        .read(move |db, scope| {
            Ok((store::without_time(db, scope, today.year())?, store::series(db, scope)?))
        })
        .await?;
    let mut by_school: BTreeMap<&str, usize> = BTreeMap::new();
    for (school, _) in &pupils {
        *by_school.entry(school).or_default() += 1;
    }
    Ok(SchoolsPage {
        schools: by_school
            .into_iter()
            .map(|(school, count)| Choice::new(school, format!("{school}，{count} 人没有时间")))
            .collect(),
        count: pupils.len(),
        places: series.keys().map(|place| Choice::new(place, place)).collect(),
        today,
        key: desk.app.next_id().to_string(),
    })
}

/// `GET /bookings/schools`
pub async fn schools(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&schools_page(&desk).await?)
}

/// `POST /bookings/schools`
pub async fn book_school(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    desk.submit(form, schools_page(&desk), async |form| {
        let [school, place] = ["school", "place"].map(|name| form.text(name, 60));
        form.required("school", "请选学校");
        form.required("place", "请选在哪里办理");
        let from = form.date("from");
        if from.is_none_or(|from| from < desk.today()) {
            form.reject("from", "从哪天起，请写今天或以后的日期");
        }
        let (from, key) = (form.checked(from)?, form.key());
        let name = school.clone();
        let (days, left) = desk
            .act("school booked", move |act| steps::book_school(act, &key, (&school, &place, from)))
            .await?;
        let of = |(on, count): &(NaiveDate, usize)| format!("{on} {count} 人");
        let all: Vec<String> = days.iter().map(of).collect();
        let rest = if left > 0 { format!("；{left} 人没有排下") } else { String::new() };
        let to = days.first().map(|(on, _)| link(PATH, &[("on", &on.to_string())]));
        Ok(Done::to(
            to.unwrap_or_else(|| PATH.to_owned()),
            format!("{name}已安排：{}{rest}", all.join("，")),
        ))
    })
    .await
}
