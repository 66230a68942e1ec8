//! Lists of loan files: the one at `/loans` and the overdue one at `/overdue`.
//!
//! What is asked for stands in the address (`filter.rs`), so a list can be sent to a colleague.
//! Paging is by key, never by OFFSET (`query.rs`); sums are of the whole selection.

pub mod filter;
pub mod query;

use crate::plumbing::http::route::Entry;

/// The lists.
pub fn routes() -> Vec<Entry> {
    Vec::new()
}
