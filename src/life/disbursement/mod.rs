//! 贷款发放: enters when a contract has a receipt that stands, leaves when university and student
//! have the money (rules.md 5.1, 5.3, rules-more.md 3.3). Contracts go to the bank as a `batch`
//! (`book::batch`): checked, frozen, approved, sent, answered. What the bank answers as paid is the
//! event 放款 of the loan, once; the county's own loans go to the county's bank by a list of its own.
//!
//! `rules.rs` decides (pure): who may be on a list, how money is split, how it moves; `store.rs`
//! keeps the table `disbursement`, `list.rs` is `/disbursements`, `steps.rs` what people do,
//! `batches.rs` the pages of lists, `money.rs` where the money of one contract is,
//! `letter.rs` what its university is told meanwhile, `accounts.rs` the accounts that are missing.

mod accounts;
mod batches;
pub mod letter;
pub mod list;
mod money;
pub mod rules;
pub mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::workbook;
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "disbursement",
    routes,
    reactions: &[],
    waiting: list::waiting,
    bell: list::bell,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, list::show),
        post(list::PATH, serve, list::draw),
        get("/disbursements.xlsx", see, workbook::<ListParams>),
        get("/disbursements/accounts", serve, accounts::show),
        post("/disbursements/accounts", serve, accounts::fill),
        post("/disbursements/accounts/file", serve, accounts::file),
        get("/disbursements/batches", see, batches::list),
        get("/disbursements/batches/{id}", see, batches::show),
        post("/disbursements/batches/{id}", serve, batches::step),
        post("/disbursements/batches/{id}/answer", serve, batches::answer),
        get("/disbursements/batches/{id}/print", see, batches::print),
        post("/disbursements/batches/{id}/file", serve, batches::file),
        get("/disbursements/loans/{id}", see, money::show),
        post("/disbursements/loans/{id}", serve, money::change),
        post("/disbursements/loans/{id}/account", serve, money::account),
        get("/disbursements/loans/{id}/letter", serve, letter::show),
    ]
}
