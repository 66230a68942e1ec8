//! The one integration test binary; one module for each subject.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests: a panic is how they fail"
)]

mod statement_cli;
