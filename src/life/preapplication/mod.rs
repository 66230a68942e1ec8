//! 预申请: Grade 12, organised by the high school, aimed first at students who hold a state grant.
//! Who passes needs no hardship form at the counter (rules.md 7). The lists come by import, or a
//! school enters its own candidates; the county reviews them in one list, tells the parents, and
//! takes those it has passed to the lender's system.
//!
//! `rules.rs` decides (pure), `store.rs` keeps the table, `list.rs` is `/pre-applications`,
//! `web.rs` takes the decisions, `school.rs` is what a school does, `papers.rs` what leaves the
//! county. Before its candidates are known a school says how many of its Grade 12 want a loan:
//! `survey.rs` (需求调查), kept by `survey_store.rs`.

pub mod list;
mod papers;
pub mod rules;
pub mod school;
pub mod store;
pub mod survey;
pub mod survey_store;
mod web;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage = super::Stage {
    name: "preapplication",
    routes,
    reactions: &[],
    waiting: list::waiting,
    bell: NOTHING,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/pre-applications.xlsx", see, workbook::<ListParams>),
        get("/pre-applications/letters", see, papers::letters),
        post("/pre-applications/bank-list", serve, papers::bank_list),
        post("/pre-applications/review", serve, web::review),
    ]
}
