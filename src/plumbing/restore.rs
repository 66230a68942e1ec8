//! Puts a copy made by [`super::backup`] in the place of a SQLite database: looks at it first,
//! moves the present database aside (never removes it), and leaves no half of either. A dump of
//! PostgreSQL is put back with its own tools.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use tokio::sync::Notify;

use crate::error::{AppError, AppResult};
use crate::localized;
use crate::plumbing::backup;
use crate::plumbing::crypto::{Field, Sealer, from_hex};
use crate::plumbing::db::{Database, QuickCheck};
use crate::plumbing::meta;
use crate::plumbing::restored::{self, Restored};

/// A copy in the folder of backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    pub file: PathBuf,
    pub name: String,
    pub day: NaiveDate,
    pub bytes: u64,
}

/// The copies in this folder that this program can put back, the newest first.
pub fn copies(folder: &Path) -> Vec<Copy> {
    let copy = |name: String| {
        let day = backup::day_of(&name, "db")?;
        let file = folder.join(&name);
        let bytes = std::fs::metadata(&file).ok()?.len();
        Some(Copy { file, name, day, bytes })
    };
    let mut found: Vec<Copy> = backup::names(folder).into_iter().filter_map(copy).collect();
    found.sort_by_key(|copy| std::cmp::Reverse(copy.day));
    found
}

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Names of the offices.
    pub offices: Vec<String>,
    /// How many loan files.
    pub files: i64,
    /// Of the newest entry of the audit log.
    pub as_of: Option<NaiveDateTime>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Why a copy cannot be put back: on a page in Chinese, in a terminal in its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    file: String,
    why: (&'static str, &'static str),
}

const MISSING: (&str, &str) = ("没有这个文件，请核对路径", "there is no such file");
const CLOSED: (&str, &str) = ("打不开，请核对文件权限", "cannot be opened; look at its rights");
const DAMAGED: (&str, &str) = (
    "文件损坏，或者不是本系统的备份，请换另一份",
    "is damaged, or no backup of this program; take another one",
);
const NEWER: (&str, &str) = (
    "是更新版本的程序做的备份，请先升级程序再恢复",
    "was made by a newer version of this program; bring the program up to date first",
);
const OTHER_KEYS: (&str, &str) = (
    "是用另一份密钥封存的，请先放回当时的密钥文件（keys.toml）",
    "is sealed with other keys; put back the key file (keys.toml) of that time first",
);

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (chinese, english) = self.why;
        f.write_str(&localized!("{}：{chinese}", "{}: {english}", self.file))
    }
}

impl From<Unfit> for AppError {
    fn from(unfit: Unfit) -> AppError {
        AppError::refused(format!("{}：{}", unfit.file, unfit.why.0))
    }
}

/// Looks at a copy without touching it.
///
/// # Errors
/// Not there, damaged, no database of ours, of a newer program, or sealed with other keys.
pub fn look_at(file: &Path, sealer: &Sealer) -> Result<Contents, Unfit> {
    let unfit = |why| Unfit { file: file.display().to_string(), why };
    if !file.is_file() {
        return Err(unfit(MISSING));
    }
    let damaged = |_| unfit(DAMAGED);
    let escaped =
        file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let mut copy = SqliteConnection::establish(&format!("file:{escaped}?mode=ro&immutable=1"))
        .map_err(|_| unfit(CLOSED))?;
    let check: Vec<QuickCheck> =
        diesel::sql_query("PRAGMA quick_check(1)").load(&mut copy).map_err(damaged)?;
    if check.first().is_none_or(|first| first.quick_check != "ok") {
        return Err(unfit(DAMAGED));
    }
    let mut names = |sql: &str| -> Result<Vec<String>, Unfit> {
        let found: Vec<Name> = diesel::sql_query(sql).load(&mut copy).map_err(damaged)?;
        Ok(found.into_iter().map(|one| one.name).collect())
    };
    let steps = names("SELECT version AS name FROM __diesel_schema_migrations")?;
    let known = Database::sqlite_steps();
    if steps.iter().any(|step| !known.contains(step)) {
        return Err(unfit(NEWER));
    }
    let keys = names("SELECT value AS name FROM meta WHERE key = 'key_fingerprint'")?;
    let checks = names("SELECT value AS name FROM meta WHERE key LIKE 'seal_check_%'")?;
    let opens = |text: &String| {
        from_hex(text).is_some_and(|sealed| sealer.open(Field::KeyCheck, &sealed).is_ok())
    };
    let is_own = |own: &String| *own == sealer.fingerprint();
    if !keys.iter().all(is_own) || !checks.iter().all(opens) {
        return Err(unfit(OTHER_KEYS));
    }
    let offices = names("SELECT name FROM office ORDER BY code")?;
    let as_of = names("SELECT COALESCE(MAX(at), '') AS name FROM history")?;
    let files: Number = diesel::sql_query("SELECT COUNT(*) AS number FROM loan_file")
        .get_result(&mut copy)
        .map_err(damaged)?;
    let as_of = as_of.first().and_then(|text| {
        let text = text.replace('T', " ");
        NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()
    });
    Ok(Contents { offices, files: files.number, as_of })
}

/// Puts `copy` in the place of `database`, which nobody may have open, marked as `restored` before
/// anybody can open it. Returns where the one that stood there is now; nothing when none did.
///
/// # Errors
/// `Refused` when another program has the database open; `Broken` when the disk is full or a file
/// cannot be moved: then the database stands as before.
pub fn put_in_place(
    copy: &Path,
    database: &Path,
    restored: &Restored,
) -> AppResult<Option<PathBuf>> {
    let part = database.with_extension("part");
    let placed = prepare(copy, &part, restored).and_then(|()| exchange(&part, database, restored));
    if placed.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    placed
}

fn failed(file: &Path, error: &std::io::Error) -> AppError {
    AppError::broken(format!("{}: {error}", file.display()))
}

/// Writes the copy beside the database, with its mark.
fn prepare(copy: &Path, part: &Path, restored: &Restored) -> AppResult<()> {
    std::fs::copy(copy, part).map_err(|e| failed(part, &e))?;
    let mut marked = SqliteConnection::establish(&part.to_string_lossy())
        .map_err(|e| AppError::broken(format!("{}: {e}", part.display())))?;
    meta::set_in_copy(&mut marked, restored::KEY, &restored.to_text()?)?;
    drop(marked);
    std::fs::File::open(part).and_then(|part| part.sync_all()).map_err(|e| failed(part, &e))
}

/// There is a whole database under its name at every moment.
fn exchange(part: &Path, database: &Path, restored: &Restored) -> AppResult<Option<PathBuf>> {
    let mut aside = None;
    if database.exists() {
        become_one_file(database)?;
        let time = restored.at.format("%Y%m%d-%H%M%S");
        let to = database.with_extension(format!("before-{time}.db"));
        std::fs::hard_link(database, &to).map_err(|e| failed(&to, &e))?;
        aside = Some(to);
    }
    std::fs::rename(part, database).map_err(|e| failed(database, &e))?;
    let folder = database.parent().unwrap_or(database);
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed(folder, &e))?;
    Ok(aside)
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Takes what is still in the log beside a database into it: only who has it alone can do that. One
/// that is damaged has nothing to lose; its log must not be taken for that of the copy.
fn become_one_file(database: &Path) -> AppResult<()> {
    let refused = || AppError::refused("数据库正在使用，请先停止程序（zhuxue serve），再恢复");
    let mode = SqliteConnection::establish(&database.to_string_lossy()).map(|mut alone| {
        diesel::sql_query("PRAGMA journal_mode = DELETE").get_result::<Mode>(&mut alone)
    });
    match mode {
        Ok(Ok(mode)) if mode.journal_mode == "delete" => return Ok(()),
        Ok(Ok(_)) => return Err(refused()),
        Ok(Err(error)) if error.to_string().contains("locked") => return Err(refused()),
        _ => {}
    }
    for log in ["db-wal", "db-shm"] {
        let log = database.with_extension(log);
        if log.exists() {
            let aside = PathBuf::from(format!("{}.old", log.display()));
            std::fs::rename(&log, &aside)
                .map_err(|e| AppError::broken(format!("{}: {e}", log.display())))?;
        }
    }
    Ok(())
}

/// A restore that somebody asked a running program for: it stops serving, puts the copy in place
/// and serves again.
#[derive(Debug, Default)]
pub struct Restart {
    request: Mutex<Option<PutBack>>,
    bell: Notify,
}

/// Which copy, and who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    pub copy: Copy,
    pub by_name: String,
}

impl Restart {
    pub fn ask(&self, request: PutBack) {
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
        self.bell.notify_one();
    }

    /// Waits until somebody asks.
    pub async fn requested(&self) {
        self.bell.notified().await;
    }

    pub fn take(&self) -> Option<PutBack> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
