//! `/bookings/screen`: what the hall sees. Numbers only, no names.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::list::minutes;
use super::rules::{self, State};
use super::store;
use crate::base::ids::RowId;
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageParams {
    /// One place; nothing: all of the day.
    place: String,
}

#[derive(Serialize)]
struct ScreenPage {
    office: String,
    /// Ticket and desk, the last called first.
    called: Vec<(String, i32)>,
    /// Those who are called next.
    next: Vec<String>,
    waiting: usize,
    forecast: i64,
}

/// `GET /bookings/screen`
pub async fn show(desk: DeskRequest, params: web::Query<PageParams>) -> AppResult<HttpResponse> {
    let (today, place) = (desk.today(), params.into_inner().place);
    let (days, bookings) = desk
        .read(move |db, scope| {
            let mut days = store::days(db, scope, (today, today))?;
            days.retain(|day| place.is_empty() || day.place == place);
            let ids: Vec<RowId> = days.iter().map(|day| day.id).collect();
            let bookings = store::of_days(db, scope, &ids)?;
            Ok((days, bookings))
        })
        .await?;
    let ticket = |one: &store::Booking| {
        let day = days.iter().find(|day| day.id == one.day_id)?;
        Some(rules::ticket(&day.series, one.ticket?))
    };
    let of =
        |state: State| bookings.iter().filter(move |one| one.state == state).collect::<Vec<_>>();
    let (mut called, mut waiting) = (of(State::Called), of(State::Waiting));
    called.sort_by_key(|one| std::cmp::Reverse(one.called_at));
    waiting.sort_by_key(|one| (one.turn_min, one.ticket));
    let pace: Vec<i64> = of(State::Done).into_iter().filter_map(minutes).collect();
    let desks = days.iter().map(|day| i64::from(day.desks)).sum();
    let ahead = i64::try_from(waiting.len()).unwrap_or_default();
    let page = ScreenPage {
        office: desk.me.office.name.clone(),
        called: called
            .iter()
            .filter_map(|one| Some((ticket(one)?, one.desk.unwrap_or_default())))
            .take(8)
            .collect(),
        next: waiting.iter().filter_map(|one| ticket(one)).take(5).collect(),
        waiting: waiting.len(),
        forecast: rules::forecast(ahead, desks, &pace),
    };
    desk.page("booking/screen.html", page)
}
