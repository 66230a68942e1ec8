//! 资金登记: money of the state around the loans: subsidy (贴息) paid for a settlement day, the
//! risk-compensation fund (风险补偿金) of a school year, its losses, the reward and what it was
//! spent on (rules.md 3.4, 12). Enters: with a document of the treasury. Leaves: never.
//!
//! One person enters, another approves (`book/review`); only then it counts. The reports
//! `/reports/subsidy` and `/reports/risk-fund` hold it against what the statements say is owed.
//! `rules.rs` checks (pure), `store.rs` keeps the table, `steps.rs` is what people do, `pages.rs`
//! the form and one entry, `list.rs` all entries.

pub mod list;
mod pages;
pub mod rules;
mod steps;
pub mod store;

use self::list::ListParams;
use crate::book::staff::Right;
use crate::web::list::page::{page, workbook};
use crate::web::route::{Entry, Needs, get, post};

pub const STAGE: super::Stage = super::Stage {
    name: "funds",
    routes,
    reactions: &[steps::react],
    waiting: list::waiting,
    bell: list::waiting,
};

fn routes() -> Vec<Entry> {
    let (see, serve) = (Needs::Right(Right::SeeLoans), Needs::Right(Right::ServeSeason));
    vec![
        get(list::PATH, see, page::<ListParams>),
        get("/funds.xlsx", see, workbook::<ListParams>),
        get("/funds/new", serve, pages::new),
        post("/funds/new", serve, pages::enter),
        get("/funds/{id}", see, pages::one),
    ]
}
