//! Two databases, one code: SQLite inside the program, PostgreSQL by changing one URL.
//!
//! Everything that writes goes through [`Database::write`] (BEGIN IMMEDIATE on SQLite,
//! SERIALIZABLE with bounded retry on PostgreSQL), everything that reads through
//! [`Database::read`] (one snapshot that refuses writes). diesel's own `transaction()` is banned
//! (clippy.toml): read-then-write through it lost updates on PostgreSQL and failed at once on
//! SQLite. A body may run twice: SQL only inside; take `now`, ids and keys before.
//!
//! A row that its key finds is asked for with `get_result`: `first` adds a bound LIMIT, and this
//! SQLite plans a statement with one anew each time.

#![allow(missing_docs, reason = "MultiConnection makes items that cannot carry any")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::PgConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection, ConnectionError};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::revision;
use super::slow::SlowQueries;
use crate::error::{AppError, AppResult};
use crate::localized;

/// One connection to either database. Stores take `&mut Db`.
#[derive(diesel::MultiConnection)]
pub enum Db {
    /// The default: a file of its own.
    Sqlite(SqliteConnection),
    /// A server, for a city or province or several program instances.
    Postgres(PgConnection),
}

/// The same body, compiled once for each database. For what the enum cannot express
/// (`on_conflict`, batch inserts); keep such bodies few, in `bulk.rs`.
#[macro_export]
macro_rules! both {
    ($db:expr, $connection:ident => $body:expr) => {
        match $db {
            $crate::plumbing::db::Db::Sqlite($connection) => $body,
            $crate::plumbing::db::Db::Postgres($connection) => $body,
        }
    };
}

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Connections for readings that take seconds.
pub const LONG_READS_MAX: usize = 2;

/// So long somebody who writes much lets others write in between.
const YIELD_STEP: Duration = Duration::from_millis(1);
const YIELDS_MAX: u32 = 100;

/// How often a body that met a conflict is run again before the caller is told "too busy".
const ATTEMPTS_MAX: u32 = 12;

/// Where the data lives, taken apart from its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `sqlite:zhuxue-data/zhuxue.db`
    Sqlite(PathBuf),
    /// `postgres://...` as libpq reads it.
    Postgres(String),
}

/// 0x10000: all tables, not only those that the connection has asked; 0x02: now.
const LEARN_SIZES: &str = "PRAGMA analysis_limit = 20000; PRAGMA optimize = 0x10002;";

impl Address {
    /// Reads a database URL. A mistyped one is refused, never turned into an empty SQLite file.
    pub fn parse(url: &str) -> Result<Address, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") {
                return Err(localized!(
                    "database_url：“sqlite:”后面要写文件路径，例如 sqlite:zhuxue-data/zhuxue.db",
                    "database_url: \"sqlite:\" must be followed by a file path, such as \
                            sqlite:zhuxue-data/zhuxue.db"
                )
                .to_owned());
            }
            return Ok(Address::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Address::Postgres(url.to_owned()));
        }
        let scheme = url.split(':').next().unwrap_or_default();
        Err(localized!(
            "database_url：应以 sqlite: 或 postgres:// 开头，而不是 {scheme:?}",
            "database_url: must begin with sqlite: or postgres://, not with {scheme:?}"
        ))
    }
}

/// Opens connections for r2d2, by the scheme of the URL (diesel's own multi-connection
/// `establish` tries each database in turn and hides why it failed).
struct Manager {
    address: Address,
    read_only: bool,
    scratch: bool,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Manager")
    }
}

impl Manager {
    fn open(&self) -> Result<Db, ConnectionError> {
        match &self.address {
            Address::Sqlite(path) => {
                let mut c = SqliteConnection::establish(&path.to_string_lossy())?;
                // synchronous FULL: this is money, not a cache. (A scratch copy is thrown away
                // whatever happens.) The cache (KiB) is per connection:
                // eight readers keep the upper pages of each index, the system's own cache has
                // the rest; the one writer keeps what a batch touches. Mapping the file into memory
                // was measured: no list became faster, and the server took 886 MB instead of 235.
                let synchronous = if self.scratch { "OFF" } else { "FULL" };
                let only = if self.read_only { "ON" } else { "OFF" };
                let cache = if self.read_only { 3_000 } else { 12_000 };
                c.batch_execute(&format!(
                    "PRAGMA busy_timeout = 8000; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
                     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache}; \
                     PRAGMA mmap_size = 0; PRAGMA query_only = {only};"
                ))
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                c.set_instrumentation(SlowQueries::default());
                Ok(Db::Sqlite(c))
            }
            Address::Postgres(url) => {
                let mut c = PgConnection::establish(url)?;
                c.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning;")
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                c.set_instrumentation(SlowQueries::default());
                Ok(Db::Postgres(c))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Db, Self::Error> {
        self.open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), Self::Error> {
        db.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        // A transaction left open by a panic is rolled back by dropping the connection.
        std::thread::panicking() || depth(db) != Some(0)
    }
}

fn depth(db: &mut Db) -> Option<u32> {
    let status = both!(db, c => AnsiTransactionManager::transaction_manager_status_mut(c)
        .transaction_depth());
    match status {
        Ok(None) => Some(0),
        Ok(Some(depth)) => Some(depth.get()),
        Err(_) => None,
    }
}

/// The pools of one database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    address: Address,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    long_readers: Pool<Manager>,
    retries: Arc<AtomicI64>,
    /// How many wait for their turn to write.
    waiting: Arc<AtomicI64>,
}

impl Database {
    /// Opens (for SQLite: makes, when the folder is there) the database and checks that it can
    /// be used. Nothing is migrated yet. The error is one line for the person who starts it.
    pub fn open(url: &str, connections: u32) -> Result<Database, String> {
        Database::open_as(url, connections, false)
    }

    /// The same for a copy that is thrown away in the end: never waits for the disk.
    pub fn open_scratch(url: &str, connections: u32) -> Result<Database, String> {
        Database::open_as(url, connections, true)
    }

    fn open_as(url: &str, connections: u32, scratch: bool) -> Result<Database, String> {
        let address = Address::parse(url)?;
        let first = Manager { address: address.clone(), read_only: false, scratch };
        let mut probe = first.open().map_err(|e| explain(&address, &e.to_string()))?;
        probe.batch_execute("SELECT 1").map_err(|e| explain(&address, &e.to_string()))?;
        check_sqlite(&address, &mut probe)?;
        keep_private(&address)?;
        drop(probe);
        let pool = |read_only: bool, (idle, size): (u32, u32)| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(idle))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(10))
                .build(Manager { address: address.clone(), read_only, scratch })
                .map_err(|e| explain(&address, &e.to_string()))
        };
        let writers = match address {
            Address::Sqlite(_) => pool(false, (1, 1))?,
            Address::Postgres(_) => pool(false, (1, connections.max(2)))?,
        };
        let readers = pool(true, (1, connections.max(2)))?;
        let long = u32::try_from(LONG_READS_MAX).unwrap_or(1);
        let long_readers = pool(true, (0, long))?;
        let (retries, waiting) = (Arc::default(), Arc::default());
        Ok(Database { address, readers, writers, long_readers, retries, waiting })
    }

    /// How many writes met a conflict and were run again, since the start.
    pub fn retries(&self) -> i64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.address, Address::Postgres(_))
    }

    /// The URL of a PostgreSQL database. It may hold a password: never for a log or page.
    pub fn postgres_url(&self) -> Option<&str> {
        match &self.address {
            Address::Sqlite(_) => None,
            Address::Postgres(url) => Some(url),
        }
    }

    /// The file of a SQLite database.
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.address {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
    }

    /// The steps of `migrations/sqlite` that this program knows, as the database names them.
    pub fn sqlite_steps() -> Vec<String> {
        let steps: Result<Vec<Box<dyn Migration<Sqlite>>>, _> = SQLITE_MIGRATIONS.migrations();
        let steps = steps.unwrap_or_default();
        steps.iter().map(|step| step.name().version().to_string()).collect()
    }

    /// Brings the tables up to this program's version. Returns how many steps were run.
    pub fn migrate(&self) -> Result<usize, String> {
        let mut db = self.writers.get().map_err(|e| explain(&self.address, &e.to_string()))?;
        let ran = match &mut *db {
            Db::Sqlite(c) => c.run_pending_migrations(SQLITE_MIGRATIONS).map(|v| v.len()),
            Db::Postgres(c) => c.run_pending_migrations(POSTGRES_MIGRATIONS).map(|v| v.len()),
        };
        ran.map_err(|e| explain(&self.address, &e.to_string()))
    }

    /// Takes the tables all the way down again. For tests of the migrations.
    pub fn migrate_down(&self) -> Result<usize, String> {
        let mut db = self.writers.get().map_err(|e| explain(&self.address, &e.to_string()))?;
        let ran = match &mut *db {
            Db::Sqlite(c) => c.revert_all_migrations(SQLITE_MIGRATIONS).map(|v| v.len()),
            Db::Postgres(c) => c.revert_all_migrations(POSTGRES_MIGRATIONS).map(|v| v.len()),
        };
        ran.map_err(|e| explain(&self.address, &e.to_string()))
    }

    /// Copies a SQLite database into `file` (new or empty), whole and as of one instant, while
    /// others go on reading and writing, and checks the copy.
    ///
    /// # Errors
    /// On PostgreSQL; when the disk is full; when the copy is damaged.
    pub fn copy_to(&self, file: &Path) -> AppResult<()> {
        let manager = Manager { address: self.address.clone(), read_only: false, scratch: false };
        let opened = manager.open().map_err(|e| AppError::broken(format!("database: {e}")))?;
        let Db::Sqlite(mut own) = opened else {
            return Err(AppError::broken("only a SQLite database is copied by the program"));
        };
        let name = file.to_string_lossy();
        let copy =
            diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(name.as_ref());
        diesel::RunQueryDsl::execute(copy, &mut own)?;
        drop(own);
        let mut copied = SqliteConnection::establish(&name)
            .map_err(|e| AppError::broken(format!("the copy cannot be opened: {e}")))?;
        let found: Vec<QuickCheck> =
            diesel::RunQueryDsl::load(diesel::sql_query("PRAGMA quick_check(1)"), &mut copied)?;
        match found.first() {
            Some(first) if first.quick_check == "ok" => Ok(()),
            _ => Err(AppError::broken("the copy of the database is damaged")),
        }
    }

    /// What is damaged in the file of a SQLite database, entries of an index that are missing or
    /// too many included: the quick look at every start does not see these.
    pub fn damage(&self) -> AppResult<Vec<String>> {
        self.read_long(|db| match db {
            Db::Postgres(_) => Ok(Vec::new()),
            Db::Sqlite(c) => {
                let query = diesel::sql_query(
                    "SELECT integrity_check AS quick_check FROM pragma_integrity_check",
                );
                let found: Vec<QuickCheck> = diesel::RunQueryDsl::load(query, c)?;
                let found = found.into_iter().map(|one| one.quick_check);
                Ok(found.filter(|one| one != "ok").collect())
            }
        })
    }

    /// Has SQLite look how large those tables have become that have changed much: a tenth of a
    /// second for 100,000 families. Without it the planner takes an index that begins with the
    /// office for a good one, which in most counties is every row. PostgreSQL does this by itself.
    ///
    /// Failing costs speed only, so it is logged and no more.
    pub fn learn_sizes(&self) {
        let learnt = checked_out(&self.writers).and_then(|mut db| match &mut *db {
            Db::Sqlite(c) => Ok(c.batch_execute(LEARN_SIZES)?),
            Db::Postgres(_) => Ok(()),
        });
        if let Err(error) = learnt {
            tracing::warn!(%error, "the sizes of the tables could not be looked at");
        }
    }

    /// Runs `body` on one snapshot. A write inside is refused by the database.
    pub fn read<T>(&self, body: impl FnOnce(&mut Db) -> AppResult<T>) -> AppResult<T> {
        Database::read_over(&self.readers, body)
    }

    /// The same for what takes seconds: over connections of its own, so that no page waits for one.
    pub fn read_long<T>(&self, body: impl FnOnce(&mut Db) -> AppResult<T>) -> AppResult<T> {
        Database::read_over(&self.long_readers, body)
    }

    fn read_over<T>(
        pool: &Pool<Manager>,
        body: impl FnOnce(&mut Db) -> AppResult<T>,
    ) -> AppResult<T> {
        let mut db = reading(pool)?;
        let result = body(&mut db);
        roll_back(&mut db);
        result
    }

    /// Between two writes of something long: others that wait write first. True when some did.
    pub fn let_others_write(&self) -> bool {
        let mut waited = false;
        for _ in 0..YIELDS_MAX {
            if self.waiting.load(Ordering::Acquire) == 0 {
                break;
            }
            waited = true;
            std::thread::sleep(YIELD_STEP);
        }
        waited
    }

    /// Runs `body` as the only writer of what it read; commits when it returns `Ok`.
    ///
    /// It may run again after a conflict, so it must do nothing but SQL. `name` tells the log
    /// which write was busy.
    pub fn write<T>(
        &self,
        name: &'static str,
        mut body: impl FnMut(&mut Db) -> AppResult<T>,
    ) -> AppResult<T> {
        let mut value = None;
        self.run_write(name, &mut |db| {
            value = Some(body(db)?);
            Ok(())
        })?;
        value.ok_or_else(|| AppError::broken("a write without its value"))
    }

    /// The same for every type: the program has it once and not for each of 300 writes.
    fn run_write(
        &self,
        name: &'static str,
        body: &mut dyn FnMut(&mut Db) -> AppResult<()>,
    ) -> AppResult<()> {
        for attempt in 0..ATTEMPTS_MAX {
            self.waiting.fetch_add(1, Ordering::AcqRel);
            let begun = begun(&self.writers, |db| match db {
                Db::Sqlite(c) => {
                    AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
                }
                Db::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                    c,
                    "BEGIN ISOLATION LEVEL SERIALIZABLE",
                ),
            });
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            let result = begun.and_then(|mut db| {
                let done = revision::rows_changed(&mut db).and_then(|before| {
                    body(&mut db)?;
                    revision::advance(&mut db, before)?;
                    commit(&mut db)
                });
                if done.is_err() {
                    roll_back(&mut db);
                }
                done
            });
            match result {
                Ok(()) => return Ok(()),
                Err(error) => {
                    if !matches!(error, AppError::Conflict(_)) {
                        return Err(error);
                    }
                    self.retries.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(write.name = name, attempt, "conflict, running again");
                    std::thread::sleep(wait_before(attempt));
                }
            }
        }
        Err(AppError::TooBusy(name.to_owned()))
    }
}

/// A connection on one snapshot, which refuses to write.
fn reading(pool: &Pool<Manager>) -> AppResult<PooledConnection<Manager>> {
    begun(pool, |db| match db {
        Db::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        Db::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
            c,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    })
}

fn checked_out(pool: &Pool<Manager>) -> AppResult<PooledConnection<Manager>> {
    pool.get().map_err(|e| AppError::TooBusy(format!("no database connection free: {e}")))
}

/// A connection with a transaction begun. One whose server went away (it was restarted) costs
/// nobody a page: it is thrown away and the next is tried.
fn begun(
    pool: &Pool<Manager>,
    begin: impl Fn(&mut Db) -> diesel::QueryResult<()>,
) -> AppResult<PooledConnection<Manager>> {
    let mut tries = pool.max_size();
    loop {
        let mut db = checked_out(pool)?;
        match begin(&mut db) {
            Ok(()) => return Ok(db),
            Err(error) if tries == 0 || matches!(&*db, Db::Sqlite(_)) => return Err(error.into()),
            Err(error) => {
                tries -= 1;
                tracing::debug!(%error, "a connection to the database was lost; taking another");
                both!(&mut *db, c => AnsiTransactionManager::transaction_manager_status_mut(c)
                    .set_in_error());
            }
        }
    }
}

fn commit(db: &mut Db) -> AppResult<()> {
    // With a savepoint left open, a commit would only close that one and report success.
    if depth(db) != Some(1) {
        return Err(AppError::broken("a write left a savepoint or no transaction open"));
    }
    both!(db, c => AnsiTransactionManager::commit_transaction(c)).map_err(AppError::from)
}

fn roll_back(db: &mut Db) {
    // Each open savepoint, then the transaction itself.
    while depth(db) != Some(0) {
        if let Err(error) = both!(db, c => AnsiTransactionManager::rollback_transaction(c)) {
            tracing::warn!(%error, "rolling back failed; the connection is dropped");
            return;
        }
    }
}

/// 1, 2, 4 ... 64 ms, spread by the attempt so that two losers do not meet again.
fn wait_before(attempt: u32) -> Duration {
    let mut spread = [0_u8; 1];
    let jitter = match getrandom::fill(&mut spread) {
        Ok(()) => u64::from(spread.first().copied().unwrap_or(0)) / 16,
        Err(_) => 0,
    };
    Duration::from_millis((1_u64 << attempt.min(6)) + jitter)
}

#[derive(diesel::QueryableByName)]
pub(super) struct QuickCheck {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(super) quick_check: String,
}

/// Names, addresses and amounts are not sealed: nobody else on this machine may read the file.
fn keep_private(address: &Address) -> Result<(), String> {
    #[cfg(unix)]
    if let Address::Sqlite(path) = address {
        use std::os::unix::fs::PermissionsExt;
        let closed = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, closed).map_err(|e| explain(address, &e.to_string()))?;
    }
    Ok(())
}

/// A damaged file is found at start, not in the middle of the day.
fn check_sqlite(address: &Address, db: &mut Db) -> Result<(), String> {
    let (Address::Sqlite(_), Db::Sqlite(c)) = (address, db) else { return Ok(()) };
    // Touches the header, the schema and the write lock; a full check is `zhuxue verify`.
    c.batch_execute("SELECT count(*) FROM sqlite_master; BEGIN IMMEDIATE; ROLLBACK;")
        .map_err(|e| explain(address, &e.to_string()))?;
    let checked: Vec<QuickCheck> =
        diesel::RunQueryDsl::load(diesel::sql_query("PRAGMA quick_check(1)"), c)
            .map_err(|e| explain(address, &e.to_string()))?;
    match checked.first() {
        Some(first) if first.quick_check != "ok" => {
            Err(explain(address, &format!("malformed: {}", first.quick_check)))
        }
        _ => Ok(()),
    }
}

/// One line for the person who starts the program: what is wrong and what to do.
fn explain(address: &Address, cause: &str) -> String {
    let cause = cause.lines().next().unwrap_or_default();
    match address {
        Address::Sqlite(path) => {
            let path = path.display();
            let advice = if cause.contains("unable to open") {
                localized!(
                    "文件夹不存在或没有写入权限",
                    "the folder is missing or may not be written"
                )
            } else if cause.contains("readonly") || cause.contains("read-only") {
                localized!(
                    "文件或文件夹是只读的，请给运行本程序的用户写入权限",
                    "the file or its folder is read-only; give the program's user the right to \
                     write"
                )
            } else if cause.contains("not a database") || cause.contains("malformed") {
                localized!(
                    "文件已损坏或不是数据库，请用最近的备份恢复",
                    "the file is damaged or not a database; put the last backup in its place"
                )
            } else if cause.contains("disk is full") || cause.contains("disk I/O") {
                localized!(
                    "磁盘已满或有故障，请腾出空间；什么都没有写",
                    "the disk is full or failing; make room, nothing was written"
                )
            } else if cause.contains("locked") {
                localized!(
                    "正被另一个程序使用，请先停掉那一个",
                    "another program holds it; stop that one first"
                )
            } else {
                localized!("不能使用", "it cannot be used")
            };
            localized!("数据库 {path}：{advice}（{cause}）", "database {path}: {advice} ({cause})")
        }
        Address::Postgres(_) => {
            localized!(
                "数据库（PostgreSQL）：连不上；请检查 database_url，并确认数据库服务已启动（{cause}）",
                "database (PostgreSQL): cannot be used; check database_url and that the \
                     server runs ({cause})"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_url_is_refused() {
        assert_eq!(Address::parse("sqlite:a/b.db"), Ok(Address::Sqlite("a/b.db".into())));
        assert_eq!(Address::parse("sqlite:///a/b.db"), Ok(Address::Sqlite("/a/b.db".into())));
        for bad in ["zhuxue.db", "postgre://x", "sqlite:", "sqlite::memory:", "", "mysql://x"] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
    }
}
