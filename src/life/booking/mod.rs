//! 预约叫号: a household gets a half hour at a counter, by its phone, at the desk or all at once by
//! its school, and a ticket when it comes. Who comes without a time gets a ticket, too: nobody is
//! sent home (rules-more.md 4, pains 1 to 6). Enters when the counter opens (application_window in
//! policies/desk.toml), leaves when the household has been served or did not come.
//!
//! `rules.rs` decides (pure), `store.rs` keeps days and bookings, `steps.rs` is what people do;
//! `reaction.rs` serves a ticket whose family has signed; `list.rs` is a day at the counter,
//! `days.rs` what the places can take, `give.rs` gives times to one household or to a school,
//! `screen.rs` what the hall sees: numbers only.

mod days;
mod give;
pub mod list;
mod reaction;
pub mod rules;
mod screen;
pub mod steps;
pub mod store;

use self::list::ListParams;
use super::Stage;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: Stage = Stage {
    name: "booking",
    routes,
    reactions: &[reaction::react],
    waiting: store::waiting,
    bell: NOTHING,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/bookings.xlsx", see, workbook::<ListParams>),
        post("/bookings/call", serve, list::call),
        get("/bookings/days", see, days::show),
        post("/bookings/days", serve, days::open),
        post("/bookings/days/{id}", serve, days::change),
        get("/bookings/new", serve, give::show),
        post("/bookings/new", serve, give::book),
        get("/bookings/schools", serve, give::schools),
        post("/bookings/schools", serve, give::book_school),
        get("/bookings/screen", see, screen::show),
        post("/bookings/{id}", serve, list::step),
    ]
}
