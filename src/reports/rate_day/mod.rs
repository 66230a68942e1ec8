//! 重新定价: what 12-21 of this year does to the contracts: the rate before and after, and the
//! interest of the year that follows at either (rules.md 3.1). Enters nothing: the LPR itself is
//! entered by one person and confirmed by another on the page 政策与利率, and that is the record.
//!
//! `facts.rs` asks the statement, `rules.rs` adds up, `pages.rs` shows it on a page, on paper and
//! as a sheet.

pub mod facts;
pub mod pages;
pub mod rules;
