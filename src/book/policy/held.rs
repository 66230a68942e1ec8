//! The rules that hold now: a snapshot that everybody shares and that is replaced as a whole, while
//! the program runs, when two persons have entered a later value. Never changes a snapshot that
//! somebody holds: a request or a job that began with one ends with it.

use std::sync::{Arc, PoisonError, RwLock};

use super::Policy;
use crate::book::position::Basis;

/// The rules of one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub policy: Arc<Policy>,
    /// What of them a position depends on.
    pub basis: Basis,
}

impl Snapshot {
    fn new(policy: Arc<Policy>, version: i64) -> Self {
        let waiver_years = policy.waiver_years().map(|waiver| waiver.year).collect();
        let smallest_arrears = policy.smallest_arrears();
        let basis = Basis { rates: policy.rates(), waiver_years, smallest_arrears, version };
        Snapshot { policy, basis }
    }
}

/// Holds the snapshot of now.
#[derive(Debug)]
pub struct Held {
    files: Arc<Policy>,
    now: RwLock<Snapshot>,
}

impl Held {
    /// Begins with the rules of the files alone.
    pub fn new(files: Arc<Policy>) -> Self {
        Held { now: RwLock::new(Snapshot::new(files.clone(), 0)), files }
    }

    /// The rules of the files alone, which later values are put upon.
    pub fn files(&self) -> &Arc<Policy> {
        &self.files
    }

    /// The rules of now.
    pub fn now(&self) -> Snapshot {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts newer rules in place; an older version never replaces a newer one.
    pub fn replace(&self, policy: Arc<Policy>, version: i64) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if version > now.basis.version {
            *now = Snapshot::new(policy, version);
        }
    }
}
