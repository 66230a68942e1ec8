//! 新阶段: say here when a loan file enters, when it leaves, and which rule or document says so.
//!
//! `rules.rs` decides (pure), `store.rs` keeps the table `new_stage`, `web.rs` shows it.

pub mod rules;
pub mod store;
pub mod web;

use super::Stage;
use crate::web::waiting::NOTHING;

pub const STAGE: Stage = Stage {
    name: "new_stage",
    routes: web::routes,
    reactions: &[],
    waiting: store::waiting,
    bell: NOTHING,
};
