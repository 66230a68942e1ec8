//! [`App`]: all that a handler or a job gets.

use std::sync::Arc;

use crate::book::dates::Clock;
use crate::book::ids::Ids;
use crate::book::policy::{Held, Policy};
use crate::book::policy_book;
use crate::book::position::Basis;
use crate::desk::counts::Counts;
use crate::desk::importing::runner::Runner;
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::{Database, Db};
use crate::plumbing::gateway::Gateways;
use crate::plumbing::metrics::Metrics;
use crate::plumbing::outbox::Bell;
use crate::plumbing::password::Passwords;
use crate::plumbing::templates::Templates;
use crate::plumbing::timetable::Timetable;
use crate::reports::recovery::kept::Kept;

/// The program's parts, shared by every request and job. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database: `read` and `write`.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// The dated rules; ask [`App::policy`] and [`App::basis`].
    pub rules: Arc<Held>,
    /// Sealed fields.
    pub sealer: Arc<Sealer>,
    /// Pages and papers.
    pub templates: Arc<Templates>,
    /// What the county has set.
    pub config: Arc<Config>,
    /// Makes identities.
    pub ids: Arc<Ids>,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
    /// Checks and makes password hashes, a few at a time.
    pub passwords: Arc<Passwords>,
    /// The counts beside the entries of the menu.
    pub counts: Arc<Counts>,
    /// The lines of the recovery report, until something changes.
    pub recovery: Arc<Kept>,
    /// Runs imports in the background.
    pub imports: Arc<Runner>,
    /// Rung when an urgent message was written: the deliverer sends it at once.
    pub bell: Arc<Bell>,
    /// The ways out for text messages and e-mail.
    pub gateways: Arc<Gateways>,
    /// What happens by the clock.
    pub timetable: Arc<Timetable>,
    /// Sign-ins that the sign-in page shows: the demo's, otherwise none.
    pub demo: Arc<[DemoSignIn]>,
}

/// A sign-in of the demo, told to everybody who opens the sign-in page.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DemoSignIn {
    /// The name to sign in with.
    pub login: String,
    /// The password.
    pub password: String,
    /// Who that is: `韦清越 · 经办`.
    pub who: String,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        db: Database,
        clock: Clock,
        policy: impl Into<Arc<Policy>>,
        sealer: impl Into<Arc<Sealer>>,
        config: Config,
    ) -> Result<App, String> {
        let mut instance = [0_u8; 2];
        getrandom::fill(&mut instance).map_err(|e| format!("no randomness: {e}"))?;
        let gateways = Gateways::new(&config)?;
        let templates = Templates::new(Some(&config.templates()));
        let timetable = Timetable::new(crate::jobs::ALL, &config.jobs)?;
        Ok(App {
            db,
            clock,
            rules: Arc::new(Held::new(policy.into())),
            sealer: sealer.into(),
            templates: Arc::new(templates),
            config: Arc::new(config),
            ids: Arc::new(Ids::new(i64::from(u16::from_le_bytes(instance)))),
            metrics: Arc::new(Metrics::new()?),
            passwords: Arc::default(),
            counts: Arc::default(),
            recovery: Arc::default(),
            imports: Arc::default(),
            bell: Arc::default(),
            gateways: Arc::new(gateways),
            timetable: Arc::new(timetable),
            demo: Arc::new([]),
        })
    }

    /// The dated rules of now: hold on to them for one piece of work, not for longer.
    pub fn policy(&self) -> Arc<Policy> {
        self.rules.now().policy
    }

    /// What of the dated rules a position depends on, of now.
    pub fn basis(&self) -> Basis {
        self.rules.now().basis
    }

    /// Takes over later values that were confirmed, here or in another instance of the program.
    /// Cheap when there are none. True: the rules are others now.
    pub fn follow_rules(&self) -> AppResult<bool> {
        let known = self.basis().version;
        let found = self.db.read(|db| {
            let newest = policy_book::version(db)?;
            Ok((newest != known)
                .then(|| policy_book::all(db))
                .transpose()?
                .map(|all| (newest, all)))
        })?;
        let Some((version, all)) = found else { return Ok(false) };
        let values = policy_book::in_force(&all);
        let (policy, _) = policy_book::as_far_as_it_fits(self.rules.files(), &values)
            .map_err(|error| AppError::broken(format!("the rules cannot be read anew: {error}")))?;
        self.rules.replace(Arc::new(policy), version);
        self.counts.forget();
        tracing::info!(version, "other rules are in force");
        Ok(true)
    }

    /// [`App::basis`] after a look whether another instance has newer rules.
    pub fn newest_basis(&self) -> AppResult<Basis> {
        self.follow_rules()?;
        Ok(self.basis())
    }

    /// The next identity, as a bare number for any id type.
    pub fn next_id(&self) -> i64 {
        self.ids.next(self.clock.now())
    }

    /// [`Database::read`] from an async handler: on the blocking pool, so that a slow query
    /// never stalls a worker.
    pub async fn read<T, F>(&self, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> AppResult<T> + Send + 'static,
    {
        let db = self.db.clone();
        actix_web::web::block(move || db.read(body))
            .await
            .map_err(|e| AppError::broken(format!("a blocking task ended early: {e}")))?
    }

    /// [`Database::write`] from an async handler. The body may run twice.
    pub async fn write<T, F>(&self, name: &'static str, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Db) -> AppResult<T> + Send + 'static,
    {
        let db = self.db.clone();
        actix_web::web::block(move || db.write(name, body))
            .await
            .map_err(|e| AppError::broken(format!("a blocking task ended early: {e}")))?
    }
}
