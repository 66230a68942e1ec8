//! Lists of loan files.
//!
//! What is asked for stands in the address (`filter.rs`), so a list can be sent to a colleague.
//! Paging is by key, never by OFFSET (`files.rs`); sums are of the whole selection.

pub mod declare;
pub mod export;
pub mod files;
pub mod filter;
pub mod kit;
pub mod params;
pub mod words;
