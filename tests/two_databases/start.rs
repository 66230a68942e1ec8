//! What can be wrong with a database at start: each its own one-line error, nothing written.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use tempfile::TempDir;
use zhuxue::plumbing::db::Database;

use crate::support::database::{Kind, TestDatabase, kinds};

fn start_error(url: &str) -> String {
    let error = match Database::open(url, 2) {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    };
    assert_eq!(error.lines().count(), 1, "not one line: {error}");
    error
}

fn open_file(file: &Path) -> String {
    start_error(&format!("sqlite:{}", file.display()))
}

/// Every file of a folder with its content.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect()
}

#[test]
fn a_file_that_is_no_database() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("zhuxue.db");
    let mut noise = vec![0_u8; 40_000];
    getrandom::fill(&mut noise).unwrap();
    std::fs::write(&file, noise).unwrap();
    let before = content(folder.path());
    let error = open_file(&file);
    assert!(error.contains("zhuxue.db") && error.contains("已损坏"), "{error}");
    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_database_whose_first_page_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("zhuxue.db");
    {
        let good = TestDatabase::fresh(Kind::Sqlite);
        std::fs::copy(good.url.strip_prefix("sqlite:").unwrap(), &file).unwrap();
    }
    let mut bytes = std::fs::read(&file).unwrap();
    getrandom::fill(&mut bytes[100..4096]).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let before = content(folder.path());
    let error = open_file(&file);
    assert!(error.contains("已损坏"), "{error}");
    assert_eq!(content(folder.path()).get("zhuxue.db"), before.get("zhuxue.db"));
}

#[test]
fn a_folder_that_is_missing_or_is_a_file() {
    let folder = TempDir::new().unwrap();
    let error = open_file(&folder.path().join("none/zhuxue.db"));
    assert!(error.contains("文件夹不存在"), "{error}");
    std::fs::write(folder.path().join("file"), "text").unwrap();
    let error = open_file(&folder.path().join("file/zhuxue.db"));
    assert!(error.contains("文件夹不存在"), "{error}");
    assert_eq!(content(folder.path()).len(), 1);
}

/// The kernel's own folder refuses new files even from root, whom no mode stops.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written() {
    let error = open_file(Path::new("/proc/zhuxue.db"));
    assert!(error.contains("没有写入权限"), "{error}");
}

#[test]
fn a_database_that_another_program_holds() {
    let test = TestDatabase::fresh(Kind::Sqlite);
    let file = test.url.strip_prefix("sqlite:").unwrap();
    let mut other = SqliteConnection::establish(file).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let error = start_error(&test.url);
    assert!(error.contains("正被另一个程序使用"), "{error}");
}

#[test]
fn a_mistyped_url_makes_no_file() {
    for (url, expected) in [
        ("postgre://localhost/zhuxue", "应以 sqlite: 或 postgres:// 开头"),
        ("zhuxue.db", "应以 sqlite: 或 postgres:// 开头"),
        ("sqlite:", "后面要写文件路径"),
        ("sqlite::memory:", "后面要写文件路径"),
    ] {
        let error = start_error(url);
        assert!(error.contains(expected), "{url}: {error}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(!root.join("zhuxue.db").exists() && !root.join("postgre:").exists());
}

#[test]
fn a_postgresql_server_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let url = format!("postgres://tester:secret-word@/zhuxue?host={}", folder.path().display());
    let error = start_error(&url);
    assert!(error.contains("PostgreSQL") && error.contains("database_url"), "{error}");
    assert!(!error.contains("secret-word"), "the password is printed: {error}");
}

#[test]
fn a_postgresql_database_that_is_not_there() {
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        eprintln!("TEST_POSTGRES_URL is not set: not tested (scripts/test sets it)");
        return;
    };
    let (address, query) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = address.rsplit_once('/').unwrap();
    let error = start_error(&format!("{host}/no_such_database?{query}"));
    assert!(error.contains("no_such_database"), "{error}");
}

const CHILD: &str = "ZHUXUE_TEST_SMALL_DISK";

/// A full disk, by a limit on the size of files that holds for a child process only (a mount
/// would need root).
#[test]
fn a_disk_that_is_full() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("zhuxue.db");
    let program = std::env::current_exe().unwrap();
    let child = Command::new("bash")
        .arg("-c")
        // 24 blocks of 1,024 bytes: room to begin, not to end.
        .arg("trap '' XFSZ; ulimit -f 24; exec \"$0\" --exact \"$1\" --nocapture")
        .arg(program)
        .arg("two_databases::start::child_on_a_small_disk")
        .env(CHILD, &file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let line = said.lines().find(|line| line.starts_with("start error: ")).unwrap_or_default();
    assert!(line.contains("磁盘已满或有故障"), "{said}");
}

/// Does nothing by itself: [`a_disk_that_is_full`] runs it in a process with a limit.
#[test]
fn child_on_a_small_disk() {
    let Ok(file) = std::env::var(CHILD) else { return };
    let opened = Database::open(&format!("sqlite:{file}"), 2).and_then(|db| db.migrate());
    match opened {
        Ok(_) => println!("start error: none"),
        Err(error) => println!("start error: {error}"),
    }
}

#[test]
fn a_server_that_was_restarted_costs_nobody_a_page() {
    if !kinds().contains(&Kind::Postgres) {
        return;
    }
    let database = TestDatabase::empty(Kind::Postgres);
    let db = database.open();
    db.migrate().unwrap();
    let cut = || {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        db.read(|db| Ok(diesel::RunQueryDsl::execute(diesel::sql_query(others), db)?)).unwrap();
    };
    for _ in 0..3 {
        cut();
        assert!(db.read(zhuxue::book::office::all).unwrap().is_empty());
        cut();
        db.write("test", |db| zhuxue::plumbing::meta::set(db, "test", "1")).unwrap();
    }
}

/// A quick look at the file finds nothing; a search by the index would miss the row.
#[test]
fn a_row_that_an_index_misses_is_found_by_the_thorough_look() {
    let database = TestDatabase::fresh(Kind::Sqlite);
    assert_eq!(database.db.damage().unwrap(), Vec::<String>::new());
    let file = database.db.sqlite_file().unwrap().to_path_buf();
    let raw = |sql: &str| {
        let mut raw = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        raw.batch_execute(&format!("PRAGMA writable_schema = ON; {sql}")).unwrap();
    };
    raw(
        "CREATE TABLE aside (a); CREATE INDEX aside_a ON aside (a); INSERT INTO aside VALUES (1); \
         CREATE TABLE saved AS SELECT * FROM sqlite_master WHERE name = 'aside_a'; \
         DELETE FROM sqlite_master WHERE name = 'aside_a'",
    );
    // As many rows as entries, so that counting them finds nothing.
    raw("UPDATE aside SET a = 2");
    raw("INSERT INTO sqlite_master SELECT * FROM saved");
    let damaged = Database::open(&database.url, 2).unwrap();
    let found = damaged.damage().unwrap();
    assert!(found.iter().any(|one| one.contains("missing from index aside_a")), "{found:?}");
}
