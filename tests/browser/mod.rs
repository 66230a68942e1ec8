//! Pages in a real headless Chromium, against the real program on a port of its own.
//!
//! These tests need a chromedriver, named by `TEST_WEBDRIVER_URL`; `scripts/test` starts one and
//! always sets it, so CI always runs them. With a plain `cargo test` and no such variable each
//! one says so and returns.

mod accessibility;
mod counter;
mod demo;
mod desk;
mod families;
mod harness;
mod help;
mod imports;
mod jobs;
mod main_job;
mod messages;
mod phone;
mod restore;
mod rounds;
mod sheets;
mod smoke;
