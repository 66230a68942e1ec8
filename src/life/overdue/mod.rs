//! The ladder (逾期跟进): one case for each overdue loan file, five stages, the next step with its
//! day. Rules (`policies/ladder.toml`) suggest, a person decides; every result of a contact has its
//! road; who has paid leaves at once.
//!
//! `kinds.rs` words, `rules.rs` decides (pure), `store.rs` keeps cases and steps, `follow.rs` keeps
//! them in step with what is owed, `steps.rs` what people do in an open write, `saved.rs` lists
//! under a name; `view.rs`, `people.rs`, `form.rs`, `web.rs`, `acts.rs`, `bulk.rs` the pages.
//! Nothing threatening is ever written here: a step is a reminder or an offer of help.

pub mod kinds;
pub mod store;
pub mod rules;
pub mod follow;
mod owners;
mod people;
pub mod steps;
pub mod saved;
mod view;
mod form;
pub mod web;
mod acts;
mod bulk;
pub mod list;
pub mod reaction;

#[cfg(test)]
mod tests;

pub const STAGE: super::Stage = super::Stage {
    name: "overdue",
    routes: web::routes,
    reactions: &[reaction::react],
    waiting: store::waiting,
};
