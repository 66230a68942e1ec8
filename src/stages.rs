//! The stages of a loan's life: see the crate `zhuxue`.

pub use zhuxue_core::*;
pub mod life;
