//! The life of a loan, in order. A stage gets its folder when it gets its first step; until
//! then its table is filled by imports and its `store.rs` comes first.

pub mod recognition;
pub mod preapplication;
pub mod contract;
pub mod study;
pub mod compensation;
pub mod contact;
pub mod overdue;
pub mod visits;
