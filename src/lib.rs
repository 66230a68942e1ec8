//! zhuxue (助学): origin-place student credit loans of a county student-aid centre.
//!
//! Read the modules in the order below. Invariants that hold everywhere:
//!
//! * Money is whole fen ([`book::money::Fen`]); no float is ever near it.
//! * `loan_event` is append-only; every figure shown is computed from events by
//!   [`book::statement`]; `loan_position` and `file_position` are caches of it.
//! * Nothing reads the clock but [`book::dates::Clock`], which lives in [`app::App`].
//! * `book` never imports `life`; a stage of `life` never imports another stage.
//! * Each table is written by exactly one file.
//!
//! The layers below the stages are the crate `zhuxue-core`, the stages `zhuxue-life`: cargo builds
//! a crate anew when a file of it or of one below changes.

pub use zhuxue_core::*;
pub use zhuxue_life::life;
pub mod clock;
pub mod imports;
pub mod borrower;
pub mod liaison;
pub mod reports;
pub mod desk;
pub mod site;
/// The command line: one file for each command; `mod.rs` lists them and opens what they need.
pub mod command;
/// The clock side: one file for each thing that happens without a person.
#[path = "../jobs/mod.rs"]
pub mod jobs;
