//! 还款: money of a family that comes by another way than the bank's lists, taken back by a
//! counter-entry, or put off for a year; and money that waits for its due day. Enters: with the
//! first due day. Leaves: when the contract is settled.
//!
//! Everything is proposed by one person and approved by another (`book/posting.rs`), and then an
//! event of the contract. `rules.rs` shares money out over contracts and says what cannot be
//! (pure), `steps.rs` is what people do, `pages.rs` the forms, `list.rs` what was proposed,
//! `unapplied.rs` whose money waits, `print.rs` the receipt.

pub mod list;
mod pages;
mod print;
pub mod rules;
mod steps;
pub mod unapplied;

use self::list::ListParams;
use self::unapplied::UnappliedParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "repayment",
    routes,
    reactions: &[steps::react],
    waiting: list::waiting,
    bell: list::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/repayments.xlsx", see, workbook::<ListParams>),
        get(unapplied::PATH, see, page::<UnappliedParams>),
        get("/repayments/unapplied.xlsx", see, workbook::<UnappliedParams>),
        get("/repayments/new/{file_no}", serve, pages::new),
        post("/repayments/new/{file_no}", serve, pages::pay),
        get("/repayments/defer/{file_no}", serve, pages::deferral),
        post("/repayments/defer/{file_no}", serve, pages::defer),
        get("/repayments/reverse/{event}", serve, pages::reversal),
        post("/repayments/reverse/{event}", serve, pages::reverse),
        get("/repayments/{id}", see, pages::one),
        get("/repayments/{id}/print", serve, print::show),
    ]
}
