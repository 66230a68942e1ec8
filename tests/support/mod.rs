//! What several tests share.

pub mod app;
pub mod county;
pub mod database;
pub mod everything;

pub use app::{Answer, Browser, OFFICE, TestApp, each};
