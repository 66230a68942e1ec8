//! `/bookings/days`: what each place can take on which day, and what last year's counter took.

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, Days, NaiveDate};
use serde::Serialize;

use super::rules;
use super::steps::{self, Opened};
use super::store::{self, CounterDay};
use crate::base::dates::{in_words, weekday_in_words};
use crate::base::ids::RowId;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

const PATH: &str = "/bookings/days";
/// Days ahead that the page shows.
const AHEAD: u64 = 120;
const TEXT_MAX: usize = 60;
const DESKS_MAX: i32 = 50;
const PER_SLOT_MAX: i32 = 200;

#[derive(Serialize)]
struct Day {
    #[serde(flatten)]
    day: CounterDay,
    words: String,
    places: i64,
    taken: i64,
}

/// A day of last year's counter.
#[derive(Serialize)]
struct Load {
    on: NaiveDate,
    words: String,
    signed: i64,
    percent: i64,
}

#[derive(Serialize)]
struct DaysPage {
    days: Vec<Day>,
    last_year: i32,
    load: Vec<Load>,
    signed: i64,
    busiest: i64,
    window: (NaiveDate, NaiveDate),
    /// Sets one form apart from the next with the same words.
    key: String,
}

impl FormPage for DaysPage {
    const TEMPLATE: &'static str = "booking/days.html";
    const REFUSED_AT: &'static str = "from";

    fn fields(&self) -> Fields {
        Fields::default()
            .with("from", self.window.0)
            .with("until", self.window.1)
            .with("place", "县资助中心")
            .with("hours", "08:30-12:00 14:00-17:30")
            .with("desks", 3)
            .with("per_slot", 8)
    }
}

async fn page(desk: &DeskRequest) -> AppResult<DaysPage> {
    let today = desk.today();
    let until = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    let last_year = today.year() - 1;
    let (days, taken, load) = desk
        .read(move |db, scope| {
            let days = store::days(db, scope, (today, until))?;
            let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
            let taken = store::taken(db, scope, &ids)?;
            Ok((days, taken, store::signed_by_day(db, scope, last_year)?))
        })
        .await?;
    let window = desk.app.policy().application_window(&desk.me.office.code, today.year());
    let busiest = load.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let day = |day: CounterDay| {
        let slots = rules::slots(&day.hours).unwrap_or_default();
        let of = |slot: &i32| taken.get(&(day.id, *slot)).copied().unwrap_or_default();
        Day {
            words: format!("{}（{}）", in_words(day.on_day, today), weekday_in_words(day.on_day)),
            places: i64::try_from(slots.len()).unwrap_or_default() * i64::from(day.per_slot),
            taken: slots.iter().map(of).sum(),
            day,
        }
    };
    Ok(DaysPage {
        days: days.into_iter().map(day).collect(),
        last_year,
        signed: load.iter().map(|(_, count)| count).sum(),
        load: load
            .into_iter()
            .map(|(on, signed)| Load {
                on,
                words: format!("{}（{}）", in_words(on, today), weekday_in_words(on)),
                signed,
                percent: signed * 100 / busiest.max(1),
            })
            .collect(),
        busiest,
        window: (window.0.max(today), window.1.max(today)),
        key: desk.app.next_id().to_string(),
    })
}

/// `GET /bookings/days`
pub async fn show(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&page(&desk).await?)
}

fn number(form: &mut Fields, name: &str, most: i32, or: &str) -> Option<i32> {
    form.choice(name, |text| text.parse().ok().filter(|n| (1..=most).contains(n)), or)
}

/// `POST /bookings/days`: opens a place on the days of a stretch.
pub async fn open(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    desk.submit(form, page(&desk), async |form| {
        let [place, hours, townships] =
            ["place", "hours", "townships"].map(|name| form.text(name, TEXT_MAX));
        form.required("place", "请写在哪里办理，例如县资助中心");
        if let Err(why) = rules::slots(&hours) {
            form.reject("hours", why);
        }
        let desks = number(form, "desks", DESKS_MAX, "窗口数请写 1 到 50");
        let per_slot = number(form, "per_slot", PER_SLOT_MAX, "每半小时的户数请写 1 到 200");
        let (from, until) = (form.date("from"), form.date("until"));
        if from.is_none_or(|from| from < desk.today()) {
            form.reject("from", "第一天请写今天或以后的日期");
        }
        if until.is_none_or(|until| from.is_some_and(|from| until < from)) {
            form.reject("until", "最后一天请写日期，不能早于第一天");
        }
        let every_day = form.has("every_day");
        let read = from.zip(until).zip(desks.zip(per_slot));
        let opened = form.checked(read.map(|((from, until), (desks, per_slot))| Opened {
            from,
            until,
            every_day,
            place,
            hours,
            desks,
            per_slot,
            townships,
        }))?;
        let key = form.key();
        let count =
            desk.act("counter opened", move |act| steps::open_days(act, &key, &opened)).await?;
        Ok(Done::to(PATH, format!("已开放 {count} 天")))
    })
    .await
}

/// `POST /bookings/days/{id}`: another number of desks, or nobody is served.
pub async fn change(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk), async |form| {
        let seen = Seen { id, version: form.version()? };
        let desks = number(form, "desks", DESKS_MAX, "窗口数请写 1 到 50");
        let per_slot = number(form, "per_slot", PER_SLOT_MAX, "每半小时的户数请写 1 到 200");
        let closed_reason = form.text("closed_reason", TEXT_MAX);
        let (desks, per_slot) = form.checked(desks.zip(per_slot))?;
        let is_closed = !closed_reason.is_empty();
        let booked = desk
            .act("counter changed", move |act| {
                steps::change_day(act, seen, |day| {
                    (day.desks, day.per_slot) = (desks, per_slot);
                    day.closed_reason.clone_from(&closed_reason);
                })
            })
            .await?;
        Ok(Done::to(
            PATH,
            match is_closed && booked > 0 {
                true => format!("这天不办理了，已约的 {booked} 户要逐户通知改时间"),
                false => "已保存".to_owned(),
            },
        ))
    })
    .await
}
