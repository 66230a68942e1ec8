//! Visit rounds 走访安排: a day on which two visitors go to families together, with the sheets that
//! are out, village by village along the road. On the phone they fill in what they find, also
//! where there is no network; it arrives once, as a proposal, and the desk decides as always.
//!
//! `rules.rs` orders and reads, `store.rs` keeps rounds and stops, `houses.rs` reads whom they are
//! about; `new.rs` makes a round, `web.rs` shows and changes it, `print.rs` sets it on A4,
//! `phone.rs` is the page on the phone. Nothing here changes a loan, and the phone shows no amount.

pub mod rules;
pub mod store;
pub mod houses;
pub mod new;
pub mod web;
pub mod print;
pub mod phone;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

/// The routes of visit rounds.
pub fn routes() -> Vec<Entry> {
    let print = Needs::Right(Right::PrintWorksheets);
    // What a phone sends becomes a proposal: the same right as typing it in at the desk.
    let edit = Needs::Right(Right::EditPeople);
    vec![
        get("/visits/rounds", print, web::list),
        get("/visits/rounds/new", print, new::show),
        post("/visits/rounds/new", print, new::make),
        get("/visits/rounds/{id}", print, web::show),
        post("/visits/rounds/{id}/order", print, web::order),
        post("/visits/rounds/{id}/state", print, web::state),
        get("/visits/rounds/{id}/print", print, print::print),
        get("/visits/rounds/{id}/phone", edit, phone::show),
        post("/visits/rounds/{id}/stops/{no}", edit, phone::hand_in),
    ]
}
