//! Money of the state around the loans: the statement of the interest subsidy (贴息) by settlement
//! day, what was waived and deferred by year, and the risk-compensation fund (风险补偿金) by school
//! year (rules.md 3.4, 3.6, 12).
//!
//! `facts.rs` asks the statement of each contract once for all three, `rules.rs` adds up,
//! `subsidy.rs`, `waivers.rs` and `fund.rs` are the pages, each with its lists and its sheet. What
//! was paid is entered at `life/funds`; what nobody has entered is not known, and shown so.

pub mod facts;
mod fund;
pub mod pages;
pub mod rules;
mod subsidy;
mod waivers;

use crate::web::route::Entry;

pub fn routes() -> Vec<Entry> {
    let mut routes = subsidy::routes();
    routes.extend(waivers::routes());
    routes.extend(fund::routes());
    routes
}
