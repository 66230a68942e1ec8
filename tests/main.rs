//! All integration tests, in one binary: one link, one start.
//!
//! Every test has a database of its own (`support/`): a SQLite file, or a PostgreSQL database
//! when `TEST_POSTGRES_URL` is set. Nothing is shared, nothing sleeps, nothing runs in turns.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected should stop right there"
)]

mod support;
mod access;
