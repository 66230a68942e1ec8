//! Whole sheets go in, on both databases: totals, a second import, faults, stops and restarts.

mod bank_lines;
mod county;
mod dirty;
mod pages;
mod refused;
mod taken_up;
mod undone;
