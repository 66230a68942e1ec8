//! 毕业确认: every graduate who still owes says where he goes and how he is reached. Enters: the
//! year in which the contracts' study ends. Leaves: confirmed for that year, or settled. Who goes
//! on studying confirms, too (rules.md 5.5, rules-more.md 3.4).
//!
//! `rules.rs` decides (pure), `facts.rs` reads a file, `store.rs` keeps the table `graduation`,
//! `steps.rs` writes a confirmation of the desk or of the borrower's phone, `pages.rs` is the form,
//! `list.rs` a year's graduates with the chase list, `print.rs` the paper. Lists of universities
//! come by import.

pub mod facts;
pub mod form;
pub mod list;
mod pages;
mod print;
pub mod rules;
pub mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::page;
use crate::web::route::{Entry, Needs, get, post};
use crate::web::waiting::NOTHING;

pub const STAGE: super::Stage = super::Stage {
    name: "graduation",
    routes,
    reactions: &[],
    waiting: list::waiting,
    bell: NOTHING,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/graduations.xlsx", see, list::workbook),
        get("/graduations/{file_no}", serve, pages::show),
        post("/graduations/{file_no}", serve, pages::confirm),
        get("/graduations/{file_no}/print", serve, print::show),
    ]
}
