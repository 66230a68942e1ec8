//! Reports: one each, in a file or a folder of its own. A report only reads (`monthly.rs` keeps
//! what imports bring); that somebody took one along is written into the history.

pub mod behind;
pub mod curve;
pub mod december;
pub mod contract_line;
pub mod forecast;
pub mod line_cache;
pub mod monthly;
pub mod rate_day;
pub mod recovery;
pub mod sheet;
pub mod treasury;

use crate::web::route::Entry;

/// The pages of all reports.
pub fn routes() -> Vec<Entry> {
    let mut routes = recovery::pages::routes();
    routes.extend(december::pages::routes());
    routes.extend(forecast::pages::routes());
    routes.extend(rate_day::pages::routes());
    routes.extend(treasury::routes());
    routes.extend(monthly::routes());
    routes
}
