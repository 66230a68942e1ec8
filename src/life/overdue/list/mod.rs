//! The overdue list `/overdue`, one page and one spreadsheet.

pub mod cases;
pub mod counts;
mod export;
pub mod page;
mod words;

use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get};

/// The list, and the same as a spreadsheet.
pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![get("/overdue", needs, page::list), get("/overdue.xlsx", needs, export::overdue)]
}
