//! Pages across stages: workbench, search, lists, the loan file.

pub mod lifeline;
pub mod lists;
