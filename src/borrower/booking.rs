//! `/m/booking`: a half hour at the counter for the student of the file, and what to bring. Either
//! party of the file may choose it.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::account;
use crate::app::App;
use crate::base::dates::{in_words, weekday_in_words};
use crate::base::ids::{FileId, RowId};
use crate::book::act;
use crate::book::audit_log::Actor;
use crate::book::{loan, person};
use crate::error::{AppError, AppResult};
use crate::life::application::facts::Desk;
use crate::life::application::family;
use crate::life::booking::rules::{self, Kind, Source, State, Step};
use crate::life::booking::steps::{self, Household};
use crate::life::booking::store;
use crate::web::fields::{Fields, Seen};
use crate::web::session::borrower::{BorrowerForm, BorrowerIn};
use crate::web::shell::phone;

const PATH: &str = "/m/booking";
/// Days ahead that may be chosen.
const AHEAD: u64 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    done: String,
}

/// The time that the household has.
#[derive(Debug, Serialize)]
struct Own {
    id: RowId,
    version: i32,
    when: String,
    place: String,
    ticket: String,
    can_cancel: bool,
}

#[derive(Debug, Serialize)]
struct Day {
    words: String,
    /// What the form sends, and the time.
    slots: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct BookingPage {
    own: Option<Own>,
    days: Vec<Day>,
    bring: Vec<String>,
    problem: Option<String>,
    done: Option<&'static str>,
}

async fn page(app: &App, me: &BorrowerIn, file: FileId) -> AppResult<BookingPage> {
    let (scope, today) = (me.scope.clone(), app.clock.today());
    let now = steps::minute_of(app.clock.now_at());
    let until = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    let (policy, sealer) = (app.policy(), std::sync::Arc::clone(&app.sealer));
    app.read(move |db| {
        let file = loan::file(db, &scope, file)?;
        let student = person::find(db, &scope, file.person_id)?;
        let other = file.co_person_id.map(|id| person::find(db, &scope, id)).transpose()?;
        let other = other.as_ref().map(|one| one.name.as_str());
        let papers = &policy.counter_papers.on(today).papers;
        let mut bring = rules::to_bring(papers, Kind::Renewal, other);
        let desk = Desk { sealer: &sealer, policy: &policy, today };
        if let Some(missing) = family::missing_papers(db, &scope, (&student, desk))? {
            // Who comes stays; the papers are those of the application itself.
            bring.truncate(1);
            bring.extend(missing);
        }
        bring.extend(family::cards(db, &scope, &sealer, (&student, today))?);
        let words = |on: NaiveDate| format!("{}（{}）", in_words(on, today), weekday_in_words(on));
        if let Some(one) = store::open_of(db, &scope, (student.id, today.year()))? {
            let day = store::day(db, &scope, one.day_id)?;
            let at = one.slot_min.map(rules::time).unwrap_or_default();
            let ticket = one.ticket.map(|number| rules::ticket(&day.series, number));
            let own = Own {
                id: one.id,
                version: one.version,
                when: format!("{} {at}", words(day.on_day)),
                place: day.place,
                ticket: ticket.unwrap_or_default(),
                can_cancel: one.state == State::Booked,
            };
            let (days, problem, done) = (Vec::new(), None, None);
            return Ok(BookingPage { own: Some(own), days, bring, problem, done });
        }
        let days = store::days(db, &scope, (today, until))?;
        let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
        let taken = store::taken(db, &scope, &ids)?;
        let mut free: BTreeMap<(NaiveDate, String), Vec<(String, String)>> = BTreeMap::new();
        for day in days {
            let slots = rules::slots(&day.hours).unwrap_or_default();
            let given = |slot| taken.get(&(day.id, slot)).copied().unwrap_or_default();
            let open = day.capacity(&slots).free(given, &student.township, (today, now));
            let choice = |(slot, _)| (format!("{}-{slot}", day.id), rules::time(slot));
            if !open.is_empty() {
                let of = free.entry((day.on_day, day.place.clone())).or_default();
                of.extend(open.into_iter().map(choice));
            }
        }
        let day = |((on, place), slots)| Day { words: format!("{}，{place}", words(on)), slots };
        let days = free.into_iter().map(day).collect();
        Ok(BookingPage { own: None, days, bring, problem: None, done: None })
    })
    .await
}

/// `GET /m/booking`
pub async fn show(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let done = match params.done.as_str() {
        "booked" => Some("已经约好，到时候带齐下面的东西来"),
        "cancelled" => Some("已取消，可以另选一个时间"),
        _ => None,
    };
    let page = BookingPage { done, ..page(&app, &me, account.party.id).await? };
    phone::page(&app, &me, &req, "m/booking.html", &page)
}

/// `POST /m/booking`: `slot` chooses, `cancel` gives back.
pub async fn change(
    app: web::Data<App>,
    me: BorrowerIn,
    req: HttpRequest,
    form: BorrowerForm<Fields>,
) -> AppResult<HttpResponse> {
    let account = match account::open(&app, &me).await? {
        Ok(account) => account,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (file, form) = (account.party.id, form.0);
    let done = if form.has("cancel") {
        cancel(&app, &me, file, &form).await.map(|()| "cancelled")
    } else {
        book(&app, &me, file, &form).await.map(|()| "booked")
    };
    let problem = match done {
        Ok(done) => return Ok(phone::to(&format!("{PATH}?done={done}"))),
        Err(AppError::Invalid(all)) => all.into_iter().map(|one| one.message).collect(),
        Err(AppError::Refused(why)) => why,
        Err(AppError::Changed) => "这个时间刚刚改过，看看现在的情况".to_owned(),
        Err(other) => return Err(other),
    };
    let page = BookingPage { problem: Some(problem), ..page(&app, &me, file).await? };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    phone::page_as(status, &app, &me, &req, "m/booking.html", &page)
}

fn actor(me: &BorrowerIn) -> Actor {
    Actor::program("手机页面", &me.office.code)
}

async fn book(app: &App, me: &BorrowerIn, file: FileId, form: &Fields) -> AppResult<()> {
    let chosen = form.get("slot").split_once('-');
    let read = chosen.and_then(|(day, slot)| Some((day.parse::<i64>().ok()?, slot.parse().ok()?)));
    let Some((day, slot)) = read else {
        return Err(AppError::field("slot", "请选一个时间"));
    };
    let who = (actor(me), me.scope.clone());
    app.act(who, "booking by phone", move |act| {
        let file = loan::file(act.db, act.scope, file)?;
        let name = person::find(act.db, act.scope, file.person_id)?.name;
        let (kind, source) = (Kind::Renewal, Source::Phone);
        let household = Household { person: Some(file.person_id), name, kind, source };
        steps::book(act, (RowId::new(day), slot), &household).map(|_| ())
    })
    .await
}

async fn cancel(app: &App, me: &BorrowerIn, file: FileId, form: &Fields) -> AppResult<()> {
    let seen: Seen<RowId> = form.seen("cancel")?;
    let who = (actor(me), me.scope.clone());
    app.act(who, "booking cancelled by phone", move |act: &mut act::Act<'_>| {
        let file = loan::file(act.db, act.scope, file)?;
        let own = store::find(act.db, act.scope, seen.id)?;
        if own.person_id != Some(file.person_id) {
            return Err(AppError::NotFound);
        }
        steps::step(act, seen, Step::Cancel, None).map(|_| ())
    })
    .await
}
