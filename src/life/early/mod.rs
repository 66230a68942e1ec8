//! 提前还款: a request to repay a contract, or part of it, on a settling day of the bank (rules.md
//! 5.2). Enters: when a family asks at the desk or on its phone page. Leaves: when the bank's
//! answer is entered by one person and confirmed by another (then the contract has its event
//! `Prepaid`), without harm when no money came, or when it is withdrawn.
//!
//! `rules.rs` decides (pure), `store.rs` keeps the table, `steps.rs` is what people do, `result.rs`
//! the bank's answer and what follows, `list.rs` all requests and the list for the bank, `new.rs`
//! what-if and request, `pages.rs` one request, `print.rs` the notice of the money needed.

pub mod list;
mod new;
mod pages;
mod print;
pub mod result;
pub mod rules;
pub mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "early",
    routes,
    reactions: &[result::react],
    waiting: list::waiting,
    bell: list::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/early-repayments.xlsx", see, workbook::<ListParams>),
        post("/early-repayments/sent", serve, list::send),
        get("/early-repayments/new/{file_no}", serve, new::show),
        post("/early-repayments/new/{file_no}", serve, new::request),
        get("/early-repayments/{id}", see, pages::show),
        post("/early-repayments/{id}", serve, pages::step),
        get("/early-repayments/{id}/print", serve, print::show),
    ]
}
