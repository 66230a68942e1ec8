//! 结清: what closes a loan. Enters: when a contract is paid off. Leaves: never; a certificate can
//! be checked for as long as its number is kept.
//! A contract gets a certificate (结清证明) from the first day of the next month (rules.md 5.6),
//! unless a figure of the bank's differs; a family that was in arrears and did not mean it gets a
//! letter as a draft for the bank's stamp (rules-more.md 3.5). Anybody may check number and code
//! on `/m/certificate` and learns nothing else (`src/borrower/certificate.rs`).
//!
//! `rules.rs` decides (pure), `facts.rs` reads what it needs, `store.rs` keeps the tables,
//! `steps.rs` is what people do, `list.rs` all contracts that
//! are paid off, `pages.rs` one file, `print.rs` the papers; `period.rs` computes a period
//! statement (对账单), `periods.rs` shows it; `archive.rs` is where the papers lie (归档).

mod archive;
pub mod facts;
pub mod list;
mod pages;
pub mod period;
mod periods;
mod print;
pub mod rules;
mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage =
    super::Stage { name: "closing", routes, reactions: &[], waiting: list::waiting, bell: NOTHING };

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/closings.xlsx", see, workbook::<ListParams>),
        get("/closings/{file_no}", see, pages::show),
        post("/closings/{file_no}", serve, pages::step),
        get("/closings/{file_no}/archive", see, archive::show),
        post("/closings/{file_no}/archive", serve, archive::save),
        get("/closings/{file_no}/archive/print", see, archive::print),
        get("/certificates/{id}/print", serve, print::show),
        get("/period-statements/{file_no}", see, periods::show),
        get("/period-statements/{file_no}/workbook", see, periods::workbook),
    ]
}
