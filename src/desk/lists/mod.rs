//! `/loans`: every loan file of the county.

pub mod loans;

use self::loans::LoansParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get};

/// The lists, and the same as spreadsheets.
pub fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::SeeLoans);
    vec![
        get("/loans", needs, page::<LoansParams>),
        get("/loans.xlsx", needs, workbook::<LoansParams>),
    ]
}
