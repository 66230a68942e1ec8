//! Whole sheets go in, on both databases: totals, a second import, faults, stops and restarts.

mod bank_lines;
mod chance;
mod broken;
mod cli;
mod county;
mod december;
mod dirty;
mod early;
mod columns;
mod field;
mod full_disk;
mod instance;
mod kinds;
pub mod pages;
mod one_file;
mod parts;
mod refused;
mod taken_up;
mod undone;
mod waiting;
mod years;
