//! 困难认定: who is in difficulty. Enters: every student who applies for aid, once a year; the
//! school (or, for loans, the desk) recognises a level after publicity. Leaves: a year later.
//! Source: 教财〔2018〕16号. So far only the recognised lists are kept, as imports bring them.

pub mod store;

pub const STAGE: super::Stage = super::Stage::without_pages("recognition");
