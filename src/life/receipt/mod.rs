//! 高校回执: enters when a contract is signed, leaves when the university has confirmed code,
//! tuition and lodging, by 10-10 (rules.md 5.3, rules-more.md 3.3); a missed receipt counts as
//! giving up the loan. A receipt never changes what was signed: what does not agree waits for a
//! person. Codes have six digits and are not unique: a receipt is of a student, a loan year and a
//! code.
//!
//! `rules.rs` decides (pure), `store.rs` keeps what universities wrote, `list.rs` is `/receipts`,
//! `web.rs` a receipt's page and the form for one that comes by hand; `universities.rs` and
//! `chase.rs` ask universities for the rest, `report.rs` is what the county reports.

pub mod chase;
pub mod list;
mod report;
pub mod rules;
pub mod steps;
pub mod store;
mod universities;
mod web;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage =
    super::Stage { name: "receipt", routes, reactions: &[], waiting: list::waiting, bell: NOTHING };

fn routes() -> Vec<Entry> {
    let (see, decide) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::Import));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/receipts.xlsx", see, workbook::<ListParams>),
        get("/receipts/universities", see, universities::list),
        get("/receipts/universities/one", see, universities::show),
        post("/receipts/universities/one", decide, universities::change),
        get("/receipts/universities/letter", see, universities::letter),
        get("/receipts/report", see, report::show),
        get("/receipts/report.xlsx", see, report::workbook),
        get("/receipts/new/{file_no}", decide, web::new),
        post("/receipts/new/{file_no}", decide, web::enter),
        get("/receipts/{id}", see, web::show),
        post("/receipts/{id}", decide, web::decide),
    ]
}
