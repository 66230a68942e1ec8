//! 签约受理: the counter. A first loan step by step, a renewal on one page; read aloud, handed to a
//! second person (`book/review`), and on approval a contract in stage `undisbursed`. Leaves when
//! the university has entered its receipt.
//!
//! `rules.rs` decides (pure), `form.rs` reads what is typed, `facts.rs` what is known already,
//! `contract.rs` makes the contract, `view.rs` says a case in words, `print.rs` its papers,
//! `own_contract.rs` the terms of the county's own loans, `family.rs` what begins on the phone.

mod acts;
mod archive;
mod attachments;
pub mod contract;
pub mod facts;
pub mod family;
pub mod form;
pub mod kinds;
pub mod list;
mod own_contract;
mod print;
mod reaction;
pub mod rules;
mod show;
pub mod steps;
pub mod store;
#[cfg(test)]
mod tests;
mod view;
mod web;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "application",
    routes,
    reactions: &[reaction::react],
    waiting: list::waiting,
    bell: list::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    let texts = Needs::Right(Right::EditTexts);
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/applications.xlsx", see, workbook::<ListParams>),
        get("/applications/new", serve, web::new),
        post("/applications/new", serve, web::begin),
        get("/applications/{id}", see, show::show),
        post("/applications/{id}/take", serve, show::take),
        post("/applications/{id}/give-up", serve, show::give_up),
        post("/applications/{id}/copied", serve, show::copied),
        post("/applications/{id}/bank", serve, show::bank),
        post("/applications/{id}/raise", serve, show::raise),
        post("/applications/{id}/void", serve, show::void),
        get("/applications/{id}/print/{paper}", serve, print::show),
        post("/applications/{id}/archive", serve, acts::check_archive),
        post("/applications/{id}/attachments", serve, acts::add),
        get("/applications/{id}/attachments/{attachment}", see, acts::open),
        post("/applications/{id}/attachments/{attachment}/remove", serve, acts::remove),
        get("/admin/contract-text", texts, own_contract::show),
        post("/admin/contract-text", texts, own_contract::change),
        get("/applications/{id}/{step}", serve, web::step),
        post("/applications/{id}/{step}", serve, web::save),
    ]
}
