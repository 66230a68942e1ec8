//! A fresh, migrated database for every test, of either kind, gone when the test ends.
//!
//! Nothing is shared between tests, so they run side by side in any order. SQLite: a copy of a
//! migrated template file (about 3 ms). PostgreSQL: `CREATE DATABASE ... TEMPLATE` (about 50 ms)
//! on the server that `TEST_POSTGRES_URL` names; `scripts/test` starts one and always sets it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use tempfile::TempDir;
use zhuxue::plumbing::db::Database;

/// Which of the two databases a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// For tests that run on one database at a time: PostgreSQL when `TEST_DATABASE=postgres`,
    /// SQLite otherwise. `scripts/test` runs those tests once with each.
    pub fn chosen() -> Kind {
        if std::env::var("TEST_DATABASE").is_ok_and(|name| name == "postgres") {
            Kind::Postgres
        } else {
            Kind::Sqlite
        }
    }
}

/// Connections of a test's pool; enough for eight competing threads.
const CONNECTIONS: u32 = 4;

/// Runs `test` on SQLite, and on PostgreSQL when there is a server for tests. A failure's output
/// ends with the line that names the database.
pub fn on_both(test: impl Fn(Kind)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        test(kind);
    }
}

/// The databases tests can run on here.
pub fn kinds() -> Vec<Kind> {
    if postgres_server().is_some() {
        vec![Kind::Sqlite, Kind::Postgres]
    } else {
        eprintln!("TEST_POSTGRES_URL is not set: SQLite only (scripts/test runs both)");
        vec![Kind::Sqlite]
    }
}

/// A database of one test. Dropping it removes it.
pub struct TestDatabase {
    /// Open and, unless made by [`TestDatabase::empty`], migrated.
    pub db: Database,
    /// For opening it once more, or giving to the program.
    pub url: String,
    // Dropped after `db`: fields are dropped in order.
    _place: Place,
}

enum Place {
    Folder(#[expect(dead_code, reason = "held for its Drop")] TempDir),
    OnServer(String),
}

impl TestDatabase {
    /// With all tables and no rows.
    pub fn fresh(kind: Kind) -> TestDatabase {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().unwrap();
                let file = folder.path().join("test.db");
                std::fs::copy(sqlite_template(), &file).unwrap();
                TestDatabase::opened(sqlite_url(&file), Place::Folder(folder))
            }
            Kind::Postgres => {
                let name = unused_name();
                let template = postgres_template();
                on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
                TestDatabase::opened(postgres_url(&name), Place::OnServer(name))
            }
        }
    }

    /// Without a single table.
    pub fn empty(kind: Kind) -> TestDatabase {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().unwrap();
                let url = sqlite_url(&folder.path().join("test.db"));
                TestDatabase::opened(url, Place::Folder(folder))
            }
            Kind::Postgres => {
                let name = unused_name();
                on_server(&format!("CREATE DATABASE {name}")).unwrap();
                TestDatabase::opened(postgres_url(&name), Place::OnServer(name))
            }
        }
    }

    /// Opened once more, as another instance of the program would.
    pub fn open(&self) -> Database {
        Database::open(&self.url, CONNECTIONS).unwrap()
    }

    fn opened(url: String, place: Place) -> TestDatabase {
        let db = Database::open(&url, CONNECTIONS).unwrap();
        TestDatabase { db, url, _place: place }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::OnServer(name) = self
            && let Err(error) = on_server(&format!("DROP DATABASE {name} WITH (FORCE)"))
        {
            eprintln!("test database {name} stays behind: {error}");
        }
    }
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

fn postgres_server() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    URL.get_or_init(|| std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty()))
        .as_deref()
}

/// The server's URL with another database in it.
fn postgres_url(database: &str) -> String {
    let server = postgres_server().expect("TEST_POSTGRES_URL");
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').expect("a URL that ends with a database");
    format!("{host}/{database}?{query}")
}

fn on_server(sql: &str) -> Result<(), String> {
    let server = postgres_server().ok_or("TEST_POSTGRES_URL is not set")?;
    let mut connection = PgConnection::establish(server).map_err(|e| e.to_string())?;
    connection.batch_execute(sql).map_err(|e| e.to_string())
}

/// Unique among test processes that run side by side.
fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut chance = [0_u8; 4];
    getrandom::fill(&mut chance).unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("zhuxue_{}_{count}_{:08x}", std::process::id(), u32::from_le_bytes(chance))
}

/// Changes whenever a migration does, so that an old template is never used.
fn fingerprint(kind: Kind) -> String {
    let folder = match kind {
        Kind::Sqlite => "migrations/sqlite",
        Kind::Postgres => "migrations/postgres",
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    // A template made by a program that does not know the newest step would be wrong for good.
    assert_eq!(names.len(), Database::sqlite_steps().len(), "cargo has not built the last step in");
    let mut hash = <sha2::Sha256 as sha2::Digest>::new();
    for name in names {
        sha2::Digest::update(&mut hash, name.display().to_string());
        sha2::Digest::update(&mut hash, std::fs::read(name.join("up.sql")).unwrap());
    }
    let digest = sha2::Digest::finalize(hash);
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The migrated file that tests copy, made once per state of the migrations. Every test is a
/// process of its own under nextest, hence a file that is moved into place when it is whole.
fn sqlite_template() -> PathBuf {
    let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let template = shared.join(format!("template-{}.db", fingerprint(Kind::Sqlite)));
    if !template.exists() {
        std::fs::create_dir_all(&shared).unwrap();
        let folder = TempDir::new_in(&shared).unwrap();
        let file = folder.path().join("made.db");
        Database::open(&sqlite_url(&file), 2).unwrap().migrate().unwrap();
        let whole = folder.path().join("whole.db");
        let mut raw = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        raw.batch_execute(&format!("VACUUM INTO '{}'", whole.display())).unwrap();
        std::fs::rename(whole, &template).unwrap();
    }
    template
}

/// The same on the server; an advisory lock lets one process make it while the others wait.
fn postgres_template() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = format!("zhuxue_template_{}", fingerprint(Kind::Postgres));
        let server = postgres_server().expect("TEST_POSTGRES_URL");
        let mut lock = PgConnection::establish(server).unwrap();
        lock.batch_execute("SELECT pg_advisory_lock(418)").unwrap();
        // Asked, not tried: a connection to the template would stand in the way of a copy.
        let there = diesel::dsl::sql::<Bool>(&format!(
            "EXISTS (SELECT 1 FROM pg_database WHERE datname = '{name}')"
        ));
        if !diesel::select(there).get_result::<bool>(&mut lock).unwrap() {
            let made = unused_name();
            on_server(&format!("CREATE DATABASE {made}")).unwrap();
            let db = Database::open(&postgres_url(&made), 2).unwrap();
            db.migrate().unwrap();
            drop(db);
            // Closing a pool takes its threads a moment; a database in use cannot be renamed.
            on_server(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{made}'"
            ))
            .unwrap();
            rename_when_unused(&made, &name);
        }
        name
    })
}

fn rename_when_unused(from: &str, to: &str) {
    let mut last = Ok(());
    for _ in 0..1_500 {
        last = on_server(&format!("ALTER DATABASE {from} RENAME TO {to}"));
        if last.is_ok() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    last.unwrap();
}
