//! A database for one test: a copy of a migrated SQLite file (about 2 ms), or a PostgreSQL
//! database made from a migrated template (about 45 ms) when `TEST_POSTGRES_URL` is set.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use zhuxue::plumbing::db::Database;

/// A database that nobody else uses. PostgreSQL's is dropped at the end of the test.
pub struct Fresh {
    pub url: String,
    drop: Option<(String, String)>,
}

impl Fresh {
    pub fn new(folder: &Path) -> Fresh {
        match std::env::var("TEST_POSTGRES_URL") {
            Ok(server) if !server.is_empty() => postgres(&server),
            _ => sqlite(folder),
        }
    }

    pub fn open(&self) -> Database {
        Database::open(&self.url, 3).unwrap()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.drop
            && let Ok(mut c) = PgConnection::establish(server)
        {
            let _ = c.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn sqlite(folder: &Path) -> Fresh {
    static TEMPLATE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, template) = TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("template.db");
        let db = Database::open(&format!("sqlite:{}", file.display()), 2).unwrap();
        db.migrate().unwrap();
        db.write("empty the log into the file", |_| Ok(())).unwrap();
        drop(db);
        let mut c = diesel::SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        (folder, file)
    });
    let file = folder.join("zhuxue.db");
    std::fs::copy(template, &file).unwrap();
    Fresh { url: format!("sqlite:{}", file.display()), drop: None }
}

fn postgres(server: &str) -> Fresh {
    let template = template(server);
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).unwrap();
    let name = format!("zhuxue_test_{:016x}", u64::from_le_bytes(random));
    let mut c = PgConnection::establish(server).unwrap();
    // Two databases cannot be made from one template at the same moment; the server says so.
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    let lock = diesel::sql_query("SELECT pg_advisory_lock(7262)");
    lock.execute(&mut c).unwrap();
    c.batch_execute(&create).unwrap();
    Fresh { url: with_name(server, &name), drop: Some((server.to_owned(), name)) }
}

/// The migrated template, made by whichever test process comes first and kept for later runs;
/// its name holds the migrations' length and sum, so that a changed migration makes a new one.
fn template(server: &str) -> String {
    let text = include_str!("../../migrations/postgres/2026-11-22-000001_main_job/up.sql");
    let sum = text.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into()));
    let name = format!("zhuxue_template_{sum:08x}");
    let mut c = PgConnection::establish(server).unwrap();
    diesel::sql_query("SELECT pg_advisory_lock(7261)").execute(&mut c).unwrap();
    let exists = diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))
        .execute(&mut c)
        .unwrap();
    if exists == 0 {
        let making = format!("{name}_new");
        c.batch_execute(&format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).unwrap();
        c.batch_execute(&format!("CREATE DATABASE {making}")).unwrap();
        Database::open(&with_name(server, &making), 2).unwrap().migrate().unwrap();
        c.batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{making}'"
        ))
        .unwrap();
        c.batch_execute(&format!("ALTER DATABASE {making} RENAME TO {name}")).unwrap();
    }
    name
}

/// The same server, another database: `postgres:///x?host=/tmp/s` keeps its query.
fn with_name(server: &str, name: &str) -> String {
    let (base, query) = match server.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (server, String::new()),
    };
    let at = base.rfind('/').unwrap();
    format!("{}/{name}{query}", &base[..at])
}
