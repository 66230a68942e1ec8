//! [`Parts`]: what every request and job works with, below pages and stages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::base::dates::Clock;
use crate::base::ids::Ids;
use crate::book::act::Reaction;
use crate::book::policy::{Held, Policy};
use crate::book::policy_book;
use crate::book::position::Basis;
use crate::error::{AppError, AppResult};
use crate::plumbing::bell::UrgentNotify;
use crate::plumbing::blocking::blocking;
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::{Database, Db, LONG_READS_MAX};
use crate::plumbing::gateway::Gateways;
use crate::plumbing::metrics::Metrics;
use crate::plumbing::password::Passwords;
use crate::plumbing::templates::Templates;

/// The database, the clock, the rules, the keys, the ways out. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The database: `read` and `write`.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// The dated rules; ask [`Parts::policy`] and [`Parts::basis`].
    pub rules: Arc<Held>,
    pub sealer: Arc<Sealer>,
    pub templates: Arc<Templates>,
    /// What the county has set.
    pub config: Arc<Config>,
    pub ids: Arc<Ids>,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
    /// Checks and makes password hashes, a few at a time.
    pub passwords: Arc<Passwords>,
    /// Rung when an urgent message was written: the deliverer sends it at once.
    pub bell: Arc<UrgentNotify>,
    /// The ways out for text messages and e-mail.
    pub gateways: Arc<Gateways>,
    /// What else moves when something happens with a family, stage by stage.
    pub reactions: Arc<[Reaction]>,
    changes: Arc<AtomicU64>,
    /// Whose turn it is with what takes seconds.
    long_reads: Arc<Semaphore>,
}

/// As many readings that take seconds are worked on at once; half of the cores are left to pages.
fn long_reads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).clamp(1, LONG_READS_MAX)
}

impl Parts {
    /// Puts the parts together.
    ///
    /// # Errors
    /// No randomness, or a gateway or a pattern of the configuration that cannot be set up.
    pub fn new(
        db: Database,
        clock: Clock,
        policy: impl Into<Arc<Policy>>,
        sealer: impl Into<Arc<Sealer>>,
        config: Config,
    ) -> Result<Parts, String> {
        let mut instance = [0_u8; 2];
        getrandom::fill(&mut instance).map_err(|e| format!("no randomness: {e}"))?;
        let gateways = Gateways::new(&config)?;
        let templates = Templates::new(Some(&config.templates()));
        Ok(Parts {
            db,
            clock,
            rules: Arc::new(Held::new(policy.into())),
            sealer: sealer.into(),
            templates: Arc::new(templates),
            config: Arc::new(config),
            ids: Arc::new(Ids::new(i64::from(u16::from_le_bytes(instance)))),
            metrics: Arc::new(Metrics::new()?),
            passwords: Arc::default(),
            bell: Arc::default(),
            gateways: Arc::new(gateways),
            reactions: Arc::new([]),
            changes: Arc::default(),
            long_reads: Arc::new(Semaphore::new(long_reads())),
        })
    }

    /// Something has changed here: what was counted before is old. Every [`super::act`] and every
    /// job that did something says so by itself.
    pub fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was said in this instance.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
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
        self.note_change();
        tracing::info!(version, "other rules are in force");
        Ok(true)
    }

    /// [`Parts::basis`] after a look whether another instance has newer rules.
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
        blocking(move || db.read(body)).await?
    }

    /// The same for a report, which may take seconds: over connections of its own, and only a few
    /// at once. The others wait here and hold nothing that a page needs.
    pub async fn read_long<T, F>(&self, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> AppResult<T> + Send + 'static,
    {
        let turn = self.long_reads.clone().acquire_owned().await.map_err(AppError::broken)?;
        let db = self.db.clone();
        // Whoever asked may be gone: the turn ends with the reading.
        let read = move || {
            let _turn = turn;
            db.read_long(body)
        };
        blocking(read).await?
    }

    /// [`Database::write`] from an async handler. The body may run twice.
    pub async fn write<T, F>(&self, name: &'static str, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Db) -> AppResult<T> + Send + 'static,
    {
        let db = self.db.clone();
        blocking(move || db.write(name, body)).await?
    }
}
