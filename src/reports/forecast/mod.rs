//! 回收预测: what falls due in this year and the four that follow, and what the state owes, as the
//! contracts stand and under an assumption (a rate, a waiver).
//!
//! `facts.rs` asks the statement, `rules.rs` adds up, `pages.rs` shows it on a page, on paper and
//! as a sheet. A forecast is no promise: further study, early repayment and loans yet to come are
//! not in it, and the page says so.

pub mod facts;
pub mod pages;
pub mod rules;
