//! 12月还款进度: day by day, how much of what falls due in December has come in.
//!
//! County offices report it from December on, every few days (design: rules.md 10.2). `facts.rs`
//! asks the statement, `rules.rs` adds up, `pages.rs` shows it on a page, on paper and as a sheet.

pub mod facts;
pub mod pages;
pub mod rules;
