//! What several tests share.

pub mod app;
pub mod county;
pub mod database;
