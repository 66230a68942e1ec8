//! Whole sheets go in, on both databases: totals, a second import, faults, stops and restarts.

mod chance;
mod county;
mod dirty;
mod columns;
mod field;
mod full_disk;
mod instance;
mod pages;
mod refused;
mod taken_up;
mod waiting;
