//! 回收统计: the numbers a county is judged by (design: rules.md 10.1), on any day up to today.
//!
//! `facts.rs` makes one line for each contract from its statement, `rules.rs` adds lines up and
//! divides, `pages.rs` and `export.rs` show it. A figure and the list behind it come from the same
//! lines, so they cannot differ. `cache.rs` asks for the lines of a day, which
//! `reports/line_cache.rs` holds.

pub mod chart;
pub mod export;
pub mod facts;
pub mod cache;
pub mod sums;
pub mod pages;
pub mod params;
pub mod rules;
