//! Whole sheets go in, on both databases: totals, a second import, faults, stops and restarts.

mod county;
mod dirty;
mod field;
mod pages;
mod refused;
mod taken_up;
