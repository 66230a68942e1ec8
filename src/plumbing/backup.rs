//! Copies of the database in a folder: made under another name, checked, closed to other users,
//! moved into place when whole; the oldest are removed. Never touches the key file.

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{AppError, AppResult};
use crate::plumbing::db::Database;

/// What the configuration can set: `[backup]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupConfig {
    /// Where the copies go; empty means `backups` in `data_dir`. Better another disk.
    pub folder: PathBuf,
    /// How many copies are kept.
    pub keep: usize,
}

impl Default for BackupConfig {
    fn default() -> Self {
        BackupConfig { folder: PathBuf::new(), keep: 14 }
    }
}

/// What [`make`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    Copy {
        file: PathBuf,
        bytes: u64,
        /// How many old ones were removed.
        removed: usize,
    },
    /// None: the backup is the operator's; why, a Chinese sentence.
    NotOurs(String),
}

/// Makes the copy of a day and removes the oldest ones.
pub fn make(db: &Database, folder: &Path, keep: usize, day: NaiveDate) -> AppResult<Made> {
    let could_not = |what: &str, error: &std::io::Error| {
        AppError::broken(format!("backup {}: {what} ({error})", folder.display()))
    };
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
    builder.create(folder).map_err(|e| could_not("the folder cannot be made", &e))?;
    remove_unfinished(folder);
    let ending = if db.is_postgres() { "dump" } else { "db" };
    let part = folder.join(format!(".zhuxue-{day}.part"));
    // Made before anything is in it, so that nobody else could ever read it.
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .map_err(|e| could_not("cannot be written", &e))?;
    let copied = match db.postgres_url() {
        Some(url) => dump(url, &part),
        None => db.copy_to(&part).map(|()| None),
    };
    match copied {
        Ok(None) => {}
        other => {
            let _ = std::fs::remove_file(&part);
            return other.map(|why| Made::NotOurs(why.unwrap_or_default()));
        }
    }
    let file = folder.join(format!("zhuxue-{day}.{ending}"));
    let moved = std::fs::File::open(&part)
        .and_then(|part| part.sync_all().and_then(|()| part.metadata()))
        .and_then(|about| std::fs::rename(&part, &file).map(|()| about.len()))
        .and_then(|bytes| std::fs::File::open(folder)?.sync_all().map(|()| bytes));
    let bytes = moved.map_err(|e| could_not("cannot be finished", &e))?;
    let removed = remove_old(folder, ending, keep);
    Ok(Made::Copy { file, bytes, removed })
}

/// What a killed run left.
fn remove_unfinished(folder: &Path) {
    for name in names(folder) {
        if name.starts_with(".zhuxue-") && (name.ends_with(".part") || name.contains(".part-")) {
            let _ = std::fs::remove_file(folder.join(name));
        }
    }
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The day of the newest copy of such a database in the folder.
pub fn newest(db: &Database, folder: &Path) -> Option<NaiveDate> {
    let ending = if db.is_postgres() { "dump" } else { "db" };
    names(folder).iter().filter_map(|name| day_of(name, ending)).max()
}

/// The day of a copy of ours; other files in the folder are left alone.
pub(super) fn day_of(name: &str, ending: &str) -> Option<NaiveDate> {
    let day = name.strip_prefix("zhuxue-")?.strip_suffix(ending)?.strip_suffix('.')?;
    day.parse().ok()
}

fn remove_old(folder: &Path, ending: &str, keep: usize) -> usize {
    let mut copies: Vec<(NaiveDate, String)> =
        names(folder).into_iter().filter_map(|name| Some((day_of(&name, ending)?, name))).collect();
    copies.sort();
    let too_many = copies.len().saturating_sub(keep.max(1));
    let mut removed = 0;
    for (_, name) in copies.into_iter().take(too_many) {
        match std::fs::remove_file(folder.join(&name)) {
            Ok(()) => removed += 1,
            Err(error) => tracing::warn!(%error, name, "an old backup cannot be removed"),
        }
    }
    removed
}

/// `pg_dump` into a file. The password goes by the environment, never onto the command line.
fn dump(url: &str, file: &Path) -> AppResult<Option<String>> {
    let (url, password) = without_password(url);
    if url.contains("password=") {
        return Ok(Some(
            "数据库地址的参数里带有密码，本系统不调用 pg_dump；请运维安排备份".to_owned(),
        ));
    }
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-password", "--file"]).arg(file);
    command.arg("--dbname").arg(url).stdin(std::process::Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    match command.output() {
        Ok(ended) if ended.status.success() => Ok(None),
        Ok(ended) => {
            let message = String::from_utf8_lossy(&ended.stderr);
            let message = message.lines().next().unwrap_or("no message").to_owned();
            Err(AppError::broken(format!("pg_dump: {message}")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(Some("本机没有 pg_dump，PostgreSQL 的备份请运维安排".to_owned()))
        }
        Err(error) => Err(AppError::broken(format!("pg_dump cannot be run: {error}"))),
    }
}

/// `postgres://user:secret@host/name` without the secret, and the secret as it was meant.
fn without_password(url: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (who, place) = rest.get(..end)?.rsplit_once('@')?;
        let (user, secret) = who.split_once(':')?;
        let plain = format!("{scheme}://{user}@{place}{}", rest.get(end..)?);
        Some((plain, percent_decoded(secret)))
    };
    parts().map_or_else(|| (url.to_owned(), None), |(plain, secret)| (plain, Some(secret)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).filter(|_| *first == b'%');
        let byte = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_on_the_command_line() {
        let (url, secret) = without_password("postgres://zx:p%40ss@db.county:5432/zx?sslmode=x");
        assert_eq!(url, "postgres://zx@db.county:5432/zx?sslmode=x");
        assert_eq!(secret.as_deref(), Some("p@ss"));
        let bare = "postgres://zx@/zx?host=/run/x";
        assert_eq!(without_password(bare), (bare.to_owned(), None));
    }

    #[test]
    fn only_our_own_old_copies_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["zhuxue-2026-01-01.db", "zhuxue-2026-01-02.db", "zhuxue-2026-01-03.db"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::write(folder.path().join("zhuxue-old.db"), "x").unwrap();
        std::fs::write(folder.path().join(".zhuxue-2026-01-01.part"), "x").unwrap();
        assert_eq!(remove_old(folder.path(), "db", 2), 1);
        remove_unfinished(folder.path());
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, ["zhuxue-2026-01-02.db", "zhuxue-2026-01-03.db", "zhuxue-old.db"]);
    }
}
