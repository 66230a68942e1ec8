//! 在读: enrolment changes, graduation confirmation, subsidy end. Enters: with the first
//! disbursement. Leaves: the day after the subsidy ends (08-31 of the year of graduation).
//! So far graduation confirmations (毕业确认) are kept as imports bring them.

pub mod store;

pub const STAGE: super::Stage = super::Stage::without_pages("study");
