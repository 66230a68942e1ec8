//! The life of a loan, in order. A stage gets its folder when it gets its first step; until
//! then its table is filled by imports and its `store.rs` comes first.
//!
//! [`STAGES`] is the only list of stages: `src/site.rs` and the workbench read it and name none. To
//! add one, run `scripts/new-stage`.

pub mod recognition;
pub mod matching;
pub mod preapplication;
pub mod booking;
pub mod application;
pub mod receipt;
pub mod disbursement;
pub mod study;
pub mod graduation;
pub mod repayment;
pub mod reconcile;
pub mod early;
pub mod relief;
pub mod compensation;
pub mod funds;
pub mod contact;
pub mod visits;
pub mod overdue;
pub mod closing;
/// What `scripts/new-stage` copies, so that it goes on compiling; in no list.
#[cfg(test)]
#[path = "../../scripts/stage/mod.rs"]
pub mod new_stage;

use crate::book::act::Reaction;
use crate::web::route::Entry;
use crate::web::waiting::{NOTHING, Source};

/// What the rest of the program gets of a stage. Each declares one, `STAGE`, in its `mod.rs`.
#[derive(Clone, Copy)]
pub struct Stage {
    /// The folder below `src/life/`.
    pub name: &'static str,
    pub routes: fn() -> Vec<Entry>,
    /// What it does when something has happened with a family elsewhere, in the same write.
    pub reactions: &'static [Reaction],
    /// Its lines on the workbench, the most urgent first.
    pub waiting: Source,
    /// Those of them that ring.
    pub bell: Source,
}

impl Stage {
    /// A stage that only keeps what imports bring.
    const fn without_pages(name: &'static str) -> Stage {
        Stage { name, routes: Vec::new, reactions: &[], waiting: NOTHING, bell: NOTHING }
    }
}

/// Every stage, in the order of a loan's life. The workbench reads them from the end: what is late
/// comes before what is yet to come.
pub const STAGES: &[Stage] = &[
    recognition::STAGE,
    matching::STAGE,
    preapplication::STAGE,
    booking::STAGE,
    application::STAGE,
    receipt::STAGE,
    disbursement::STAGE,
    study::STAGE,
    graduation::STAGE,
    repayment::STAGE,
    reconcile::STAGE,
    early::STAGE,
    relief::STAGE,
    compensation::STAGE,
    funds::STAGE,
    contact::STAGE,
    visits::STAGE,
    overdue::STAGE,
    closing::STAGE,
];
