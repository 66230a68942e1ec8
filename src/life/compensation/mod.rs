//! 代偿: service members and grass-roots posts; the state pays the loan (rules.md 8 and 9). The
//! money itself is an event of the loan (`compensated`), from the repayment list; the list of
//! service members kept here only cross-checks it.

pub mod store;

pub const STAGE: super::Stage = super::Stage::without_pages("compensation");
