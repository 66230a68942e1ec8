//! The bell by which whoever writes an urgent message wakes the deliverer of this program, so that
//! a sign-in code leaves at once. Only a hint: what is not heard leaves with the next minute.

use tokio::sync::Notify;

/// Rung after an urgent message was committed; [`UrgentNotify::rung`] waits for it.
#[derive(Debug, Default)]
pub struct UrgentNotify {
    notify: Notify,
}

impl UrgentNotify {
    /// Wakes the deliverer; a ring while nobody waits is kept for the next wait.
    pub fn notify(&self) {
        self.notify.notify_one();
    }

    /// Returns when the bell was rung since the last return.
    pub async fn notified(&self) {
        self.notify.notified().await;
    }
}
