//! 在读: enrolment changes, subsidy end. Enters: with the first
//! disbursement. Leaves: the day after the subsidy ends (08-31 of the year of graduation).
//! An enrolment change (就学信息变更) is proposed with the plan before and after, signed, approved
//! by a second person, and then an event of each contract (rules.md 5.6, rules-more.md 3.4).
//!
//! `rules.rs` decides (pure), `effect.rs` compares the plans, `store.rs` keeps the table
//! `study_change`, `steps.rs` is what people do, `pages.rs` the form and one change, `list.rs` all
//! of them, `print.rs` the change sheet.

mod effect;
pub mod list;
mod pages;
mod print;
pub mod rules;
mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "study",
    routes,
    reactions: &[steps::react],
    waiting: list::waiting,
    bell: list::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/study-changes.xlsx", see, workbook::<ListParams>),
        get("/study-changes/new/{file_no}", serve, pages::new),
        post("/study-changes/new/{file_no}", serve, pages::begin),
        get("/study-changes/{id}", see, pages::show),
        post("/study-changes/{id}", serve, pages::step),
        get("/study-changes/{id}/edit", serve, pages::edit),
        post("/study-changes/{id}/edit", serve, pages::save),
        get("/study-changes/{id}/print", serve, print::show),
    ]
}
