//! Reports: one file each.

pub mod monthly;
