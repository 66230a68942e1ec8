//! What we tell borrowers and families, why, and whether it is still wanted when it leaves.
//! Composes messages; `plumbing::outbox` keeps them, `jobs/deliver_messages.rs` sends them.

mod recheck;

pub use recheck::{Verdict, still_wanted};

/// `[messages]` of the configuration.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessageConfig {
    /// Days before a due day on which a reminder goes out.
    pub due_days_before: Vec<u32>,
}

impl Default for MessageConfig {
    fn default() -> Self {
        MessageConfig { due_days_before: vec![60, 30, 10, 3] }
    }
}
