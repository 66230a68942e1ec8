//! Papers of a county student-aid centre as PDF: visit sheets, cover letters and lists.
//!
//! A batch (JSON, `batch.rs`) becomes papers in the order of packing (`papers.rs`), a template
//! sets them a few hundred at a time (`set.rs`), and the parts become one file (`join.rs`). A
//! program of its own because the typesetter doubles the time that the main program takes to
//! build. It opens no database, asks no clock and calls no network.

pub mod batch;
pub mod fonts;
pub mod join;
pub mod papers;
pub mod qr;
pub mod set;
pub mod templates;
pub mod world;

/// Why the program stopped: one line for the person who typed the command, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// 1: could not (file, disk, fonts). 2: wrong input or template.
    pub code: u8,
    /// What is wrong, where, and what to do.
    pub line: String,
}

impl Stop {
    /// Could not: file, disk, fonts. Exit code 1.
    pub fn failed(line: impl Into<String>) -> Stop {
        Stop { code: 1, line: line.into() }
    }

    /// Wrong data, template or argument. Exit code 2.
    pub fn input(line: impl Into<String>) -> Stop {
        Stop { code: 2, line: line.into() }
    }
}
