//! Who works on imports in this instance, and whether it is about to end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::App;

/// How often somebody who waits for the end looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who works for which office.
#[derive(Debug, Default)]
pub struct Runner {
    /// Offices with a thread; true when it was woken again meanwhile.
    working: Mutex<BTreeMap<String, bool>>,
    stopping: AtomicBool,
}

impl Runner {
    /// The one of this instance.
    pub fn of(app: &App) -> Arc<Runner> {
        app.shared.get()
    }

    fn working(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True from the moment the program was told to stop: an import ends the lines it is at.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// True when no import runs.
    pub fn is_idle(&self) -> bool {
        self.working().is_empty()
    }

    /// Tells every import to stop after the lines it is at, and waits for that.
    pub fn stop(&self, most: Duration) {
        self.stopping.store(true, Ordering::Release);
        let mut waited = Duration::ZERO;
        while !self.is_idle() && waited < most {
            std::thread::sleep(LOOK_EVERY);
            waited += LOOK_EVERY;
        }
    }

    /// True when this call made the office busy; otherwise its thread looks once more.
    pub(super) fn begin(&self, office_code: &str) -> bool {
        let mut working = self.working();
        let busy = working.contains_key(office_code);
        working.insert(office_code.to_owned(), busy);
        !busy
    }

    /// True when the thread was woken since; otherwise the office is idle now.
    pub(super) fn go_on(&self, office_code: &str) -> bool {
        let mut working = self.working();
        let woken = working.get(office_code).copied().unwrap_or_default();
        if woken {
            working.insert(office_code.to_owned(), false);
        } else {
            working.remove(office_code);
        }
        woken
    }

    pub(super) fn end(&self, office_code: &str) {
        self.working().remove(office_code);
    }
}
