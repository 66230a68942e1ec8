//! What is not about loans: files in and out.

pub mod sheet;
