//! Lists of loan files: the one at `/loans` and the overdue one at `/overdue`.
//!
//! What is asked for stands in the address (`filter.rs`), so a list can be sent to a colleague.
//! Paging is by key, never by OFFSET (`query.rs`); sums are of the whole selection.

pub mod filter;
pub mod query;
pub mod words;
pub mod loans;
pub mod cases;
pub mod everybody;
pub mod overdue;
mod overdue_words;
pub mod export;

use crate::book::staff::Right;
use crate::plumbing::http::route::{Entry, Needs, get};

/// The lists, and the same as spreadsheets.
pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get("/loans", needs, loans::list),
        get("/loans.xlsx", needs, export::loans),
        get("/overdue", needs, overdue::list),
        get("/overdue.xlsx", needs, export::overdue),
    ]
}
