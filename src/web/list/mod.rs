//! Lists: each is a declaration (`declare.rs`). What is asked for stands in the address, so a list
//! can be sent to a colleague; pages are cut by key, never by OFFSET; sums are of the whole
//! selection. `filter.rs`, `files.rs` and `words.rs` are the list of loan files.

pub mod declare;
pub mod export;
pub mod files;
pub mod filter;
pub mod kit;
pub mod page;
pub mod params;
pub mod words;
