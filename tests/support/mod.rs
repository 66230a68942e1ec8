//! What several tests share.

pub mod county;
pub mod database;
