//! What every stage of a loan stands on, lowest first: see the crate `zhuxue`.

pub mod error;
pub mod base;
pub mod plumbing;
pub mod book;
pub mod app;
pub mod web;
