//! [`App`]: all that a handler or a job gets.

use std::ops::Deref;
use std::sync::Arc;

use crate::base::dates::Clock;
use crate::book::parts::Parts;
use crate::book::policy::Policy;
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Database;
use crate::plumbing::state::Shared;

/// The program's parts and the state of this instance, shared by every request and job. Cheap to
/// clone.
#[derive(Clone)]
pub struct App {
    /// What is below pages and stages; an `App` is used as if it were these.
    pub parts: Parts,
    /// State of upper layers: what the menu counted, which imports run, the timetable.
    pub shared: Arc<Shared>,
    /// Sign-ins that the sign-in page shows: the demo's, otherwise none.
    pub demo: Arc<[DemoSignIn]>,
}

/// A sign-in of the demo, told to everybody who opens the sign-in page.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DemoSignIn {
    /// The name to sign in with.
    pub login: String,
    pub password: String,
    /// Who that is: `韦清越 · 经办`.
    pub who: String,
}

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    /// As [`Parts::new`].
    pub fn new(
        db: Database,
        clock: Clock,
        policy: impl Into<Arc<Policy>>,
        sealer: impl Into<Arc<Sealer>>,
        config: Config,
    ) -> Result<App, String> {
        let parts = Parts::new(db, clock, policy, sealer, config)?;
        Ok(App { parts, shared: Arc::default(), demo: Arc::new([]) })
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
