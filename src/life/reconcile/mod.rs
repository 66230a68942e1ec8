//! 与银行核对: the bank's figures against ours. Enters: with the first file of the bank. Leaves:
//! never, as long as the bank sends files. A difference is shown with both figures and, where one
//! can be tried out, its cause; somebody looks into it, or proposes to take the bank's word
//! (按银行更正), which a second person approves and which then is an event of the contract.
//!
//! `compare.rs` finds what differs and `cause.rs` why (pure), `run.rs` goes through all contracts
//! after an import, `list.rs` shows them, `pages.rs` one, `steps.rs` is what people do.

mod cause;
mod compare;
pub mod list;
mod pages;
pub mod run;
mod steps;
#[cfg(test)]
mod tests;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::page;
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage = super::Stage {
    name: "reconcile",
    routes,
    reactions: &[steps::react],
    waiting: NOTHING,
    bell: NOTHING,
};

fn routes() -> Vec<Entry> {
    let (see, check) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::Import));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/differences.xlsx", see, list::workbook),
        get("/differences/{loan}", see, pages::show),
        post("/differences/{loan}", check, pages::check),
        post("/differences/{loan}/reopen", check, pages::reopen),
        post("/differences/{loan}/correct", check, pages::correct),
    ]
}
