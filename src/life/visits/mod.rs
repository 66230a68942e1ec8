//! Overdue follow-up (逾期跟进): a loan file enters on the day after a due day of which something
//! is still open, and leaves when nothing past due is open any more (rules.md 10).
//!
//! What happens here so far is the third step of the ladder that county offices describe: when
//! telephone and co-borrower did not answer, the village committee, the old school or the police
//! station is asked to look in at the family. The office prints a visit sheet for each household
//! and sends each receiver the list of its own households as a workbook.
//!
//! The words are part of the rule: it is a reminder and an offer of help, never a demand. A
//! receiver learns only of its own households, numbers are masked, amounts can be left out, and
//! every paper asks not to be posted or passed on.
//!
//! Read `rules.rs` (who goes to whom, in which order, under which number), `store.rs` (who is
//! overdue on a day), `text.rs` (what papers say), then the three shapes: `workbook.rs` with
//! `cover.rs` (XLSX), `papers.rs` (A4 pages), `folder.rs` (a folder or archive of all workbooks).
//! `web.rs` and the command line only ask and show. Nothing here stores a balance; amounts are
//! the statement's.

pub mod road;
pub mod names;
pub mod rules;
pub mod purpose;
pub mod store;
pub mod text;
pub mod formats;
pub mod workbook;
pub mod cover;
pub mod folder;
pub mod papers;
pub mod request;
mod choose;
pub mod web;
pub mod sheets;
pub mod typesetter;
pub mod rounds;

#[cfg(test)]
mod tests;

use super::Stage;
use crate::book::staff::Right;
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: Stage = Stage {
    name: "visits",
    routes,
    reactions: &[],
    waiting: sheets::returns::waiting_line,
    bell: sheets::returns::waiting_line,
};

fn routes() -> Vec<Entry> {
    let needs = Needs::Right(Right::PrintWorksheets);
    let mut routes = vec![
        get("/visits", needs, choose::show),
        post("/visits/amounts", Needs::Right(Right::AllowAmounts), choose::set_amounts),
        get("/visits/print", needs, web::print),
        get("/visits/workbooks.zip", needs, web::archive),
        get("/visits/workbook.xlsx", needs, web::one_workbook),
    ];
    routes.extend(sheets::routes());
    routes.extend(rounds::routes());
    routes
}
