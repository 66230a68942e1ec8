//! 家庭联系: every family at least once a year (rules.md 5.4), and how a family is found again.
//! Enters: with the first disbursement, by the nightly plan. Leaves: when everything is settled.
//!
//! `rules.rs` decides whom, when and by whom, and when a family counts as lost; `steps.rs` writes
//! the plan; records, duties and the contact tree are kept by `book`.

pub mod coverage;
pub mod family;
pub mod filter;
pub mod list;
pub mod plan_store;
pub mod record;
pub mod rules;
pub mod share;
pub mod steps;
pub mod store;
pub mod tree;
pub mod web;
#[cfg(test)]
mod tests;

use super::Stage;
use crate::web::waiting::NOTHING;

pub const STAGE: Stage = Stage {
    name: "contact",
    routes: web::routes,
    reactions: &[steps::react],
    waiting: store::waiting,
    bell: NOTHING,
};
