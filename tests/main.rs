//! The one integration-test binary; every topic is a module.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails, also in its helper functions"
)]

mod sheets;
