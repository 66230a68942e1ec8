//! 预申请: Grade 12, organised by the high school, aimed first at students who hold a state grant.
//! Who passes needs no hardship form at the counter (rules.md 7). So far only the lists are kept.

pub mod store;

pub const STAGE: super::Stage = super::Stage::without_pages("preapplication");
