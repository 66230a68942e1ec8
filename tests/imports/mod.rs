//! Whole sheets go in, on both databases: totals, a second import, faults, stops and restarts.

mod broken;
mod county;
mod dirty;
mod pages;
mod taken_up;
