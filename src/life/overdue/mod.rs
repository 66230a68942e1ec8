//! The ladder (逾期跟进): one case for each overdue loan file, five stages, the next step with its
//! day. Rules (`policies/ladder.toml`) suggest, a person decides; every result of a contact has its
//! road; who has paid leaves at once.
//!
//! `kinds.rs` words, `rules.rs` decides (pure), `store.rs` keeps cases and steps, `follow.rs` keeps
//! them in step with what is owed (`owners.rs` says whose a case is, `promises.rs` whether money
//! came in time), `steps.rs` what people do in an open write, `owner.rs` and `handover.rs` the same
//! with many cases, `saved.rs` lists under a name; `facts.rs`, `view.rs`, `people.rs`, `form.rs`,
//! `web.rs`, `acts.rs`, `bulk.rs` the pages.
//! Nothing threatening is ever written here: a step is a reminder or an offer of help.

pub mod kinds;
pub mod store;
pub mod rules;
pub mod follow;
mod owners;
mod promises;
mod facts;
mod people;
pub mod steps;
pub mod saved;
mod view;
mod form;
mod web;
mod acts;
mod owner;
pub mod handover;
mod bulk;
mod bulk_message;
pub mod list;
pub mod reaction;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

#[cfg(test)]
mod tests;

pub const STAGE: super::Stage = super::Stage {
    name: "overdue",
    routes,
    reactions: &[reaction::react],
    waiting: store::waiting,
    bell: store::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, follow) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::FollowOverdue));
    let mut routes = vec![
        get("/overdue/next", follow, web::next),
        get("/overdue/bulk", follow, bulk::show),
        post("/overdue/bulk", follow, bulk::choose),
        post("/overdue/lists", see, bulk::keep_list),
        post("/overdue/lists/{id}/forget", see, bulk::forget_list),
        get("/overdue/{file_no}", see, web::show),
        post("/overdue/{file_no}/contacts", follow, web::contact),
        post("/overdue/{file_no}/undo", follow, web::undo),
        post("/overdue/{file_no}/steps", follow, acts::step),
        post("/overdue/{file_no}/decision", Needs::Right(Right::AllowPoliceStage), acts::decide),
    ];
    routes.extend(list::routes());
    routes
}
