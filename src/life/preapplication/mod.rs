//! 预申请: Grade 12, organised by the high school, aimed first at students who hold a state grant.
//! Who passes needs no hardship form at the counter (rules.md 7). The lists come by import; the
//! county reviews them in one list.
//!
//! `rules.rs` decides (pure), `store.rs` keeps the table, `list.rs` is `/pre-applications`, `web.rs`
//! takes the decisions.

pub mod list;
pub mod rules;
pub mod store;
mod web;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage =
    super::Stage { name: "preapplication", routes, reactions: &[], waiting: list::waiting };

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/pre-applications.xlsx", see, workbook::<ListParams>),
        post("/pre-applications/review", serve, web::review),
    ]
}
