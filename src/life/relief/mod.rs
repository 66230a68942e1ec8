//! 还款救助: the risk-compensation fund pays for a family that cannot (rules.md 10.5, rules-more.md
//! 3.6). Enters: when borrower, co-borrower or a relative applies. Leaves: when the money stands on
//! the contracts, when it is refused, or withdrawn.
//!
//! The classes, who must be helped, what proves it and from which cost on are dated data
//! (`policies/relief/`). The county's word is a second person's (`book/review`), then comes the
//! publication (`book/publicity`), city and province; the money is an event `Relieved` of each
//! contract, entered by one and approved by another (`book/posting`). Nobody is helped twice.
//!
//! `rules.rs` decides (pure), `facts.rs` reads what it needs, `store.rs` keeps the tables,
//! `steps.rs` is what people do up to the province, `money.rs` the fund's money, `papers.rs` the
//! scans, `new.rs` the application, `pages.rs` one of them, `list.rs` all, `print.rs` the form.

pub mod facts;
pub mod list;
mod money;
mod new;
mod pages;
mod papers;
mod print;
pub mod rules;
mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::act::{Act, Happened};
use crate::book::staff::Right;
use crate::error::AppResult;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "relief",
    routes,
    reactions: &[react],
    waiting: list::waiting,
    bell: list::waiting,
};

/// A second person has decided about an application, or about its money.
fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    steps::reviewed(act, review)?;
    money::reviewed(act, review)
}

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/reliefs.xlsx", see, workbook::<ListParams>),
        get("/reliefs/new/{file_no}", serve, new::show),
        post("/reliefs/new/{file_no}", serve, new::apply),
        get("/reliefs/{id}", see, pages::show),
        post("/reliefs/{id}", serve, pages::step),
        get("/reliefs/{id}/print", serve, print::show),
        post("/reliefs/{id}/attachments", serve, papers::add),
        get("/reliefs/{id}/attachments/{attachment}", see, papers::open),
    ]
}
