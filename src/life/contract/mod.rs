//! 合同签订: terms, signing, acceptance certificate, university receipt. Enters: who applied at the
//! counter. Leaves: with the receipt of the university entered (by 10-10), towards disbursement;
//! a missed receipt counts as giving up the loan (rules.md 5.3). So far receipts are kept as
//! imports bring them, matched to contracts by student number, loan year and code: the code has
//! six digits and is not unique.

pub mod store;

pub const STAGE: super::Stage = super::Stage::without_pages("contract");
