//! The folder beside the database that holds attached files, each sealed, under the hash of what it
//! was before. A file is whole under its name or not there; none is ever removed.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::content::{self, Content};
use crate::base::hex::random_hex;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};

/// What the folder is called, among data and among backups.
pub const NAME: &str = "attachments";

/// Why a file does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    Missing,
    Changed,
}

/// In a folder of 256, so that none gets too many; none when it is no hash.
fn place(folder: &Path, hash: &str) -> Option<PathBuf> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = hash.get(..2).filter(|_| is_hash)?;
    Some(folder.join(first).join(hash))
}

fn failed(file: &Path, error: &std::io::Error) -> AppError {
    AppError::broken(format!("{}: {error}", file.display()))
}

/// Writes it down before any row names it. One that is there already is written anew.
///
/// # Errors
/// `Broken` when the disk is full or says no.
pub fn store(folder: &Path, sealer: &Sealer, content: &Content) -> AppResult<()> {
    let file = place(folder, &content.hash).ok_or_else(|| AppError::broken("no hash"))?;
    write(&file, &sealer.seal(Field::Upload, &content.bytes)?)
}

fn write(file: &Path, bytes: &[u8]) -> AppResult<()> {
    let parent = file.parent().unwrap_or(file);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(parent).map_err(|e| failed(parent, &e))?;
    let part = parent.join(format!(".part-{}", random_hex(8)?));
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut open| open.write_all(bytes).and_then(|()| open.sync_all()))
        .and_then(|()| std::fs::rename(&part, file))
        .and_then(|()| std::fs::File::open(parent)?.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written.map_err(|e| failed(file, &e))
}

/// The bytes as they were taken.
pub fn open(folder: &Path, sealer: &Sealer, hash: &str) -> Result<Vec<u8>, Damage> {
    let file = place(folder, hash).ok_or(Damage::Missing)?;
    let sealed = std::fs::read(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Damage::Missing,
        _ => Damage::Changed,
    })?;
    let bytes = sealer.open(Field::Upload, &sealed).map_err(|_| Damage::Changed)?;
    if content::hash(&bytes) == hash { Ok(bytes) } else { Err(Damage::Changed) }
}

/// Copies what `to` does not have, or has cut short. Returns how many.
///
/// # Errors
/// `Broken` when one cannot be read or written.
pub fn back_up(from: &Path, to: &Path) -> AppResult<usize> {
    let length = |file: &Path| std::fs::metadata(file).map(|about| about.len()).ok();
    let mut copied = 0;
    for hash in hashes(from) {
        let (Some(old), Some(new)) = (place(from, &hash), place(to, &hash)) else { continue };
        if length(&old) != length(&new) {
            write(&new, &std::fs::read(&old).map_err(|e| failed(&old, &e))?)?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// Brings back out of the copies `from` what is missing or damaged in `to`. Returns how many.
///
/// # Errors
/// `Broken` when the disk is full or says no.
pub fn bring_back(from: &Path, to: &Path, sealer: &Sealer) -> AppResult<usize> {
    let mut brought = 0;
    for hash in hashes(from) {
        if open(to, sealer, &hash).is_ok() {
            continue;
        }
        let Ok(bytes) = open(from, sealer, &hash) else { continue };
        let Some(file) = place(to, &hash) else { continue };
        write(&file, &sealer.seal(Field::Upload, &bytes)?)?;
        brought += 1;
    }
    Ok(brought)
}

fn hashes(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries(folder).flat_map(|one| {
        let names = entries(&one.path()).map(|file| file.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    });
    files.filter(|name| place(folder, name).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_or_damaged_comes_back_from_the_copy() {
        let (live, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealer = Sealer::throw_away().unwrap();
        let bytes = b"%PDF-1.7 startxref %%EOF".to_vec();
        let content = content::read(&bytes).unwrap();
        store(live.path(), &sealer, &content).unwrap();
        let file = place(live.path(), &content.hash).unwrap();
        assert!(!super::super::pdf::holds(&std::fs::read(&file).unwrap(), b"startxref"));
        assert_eq!(back_up(live.path(), copy.path()).unwrap(), 1);
        assert_eq!(back_up(live.path(), copy.path()).unwrap(), 0, "only what is new");
        let now = || open(live.path(), &sealer, &content.hash);
        assert_eq!(now(), Ok(bytes.clone()));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(now(), Err(Damage::Missing));
        assert_eq!(bring_back(copy.path(), live.path(), &sealer).unwrap(), 1);
        assert_eq!(now(), Ok(bytes.clone()));
        let mut sealed = std::fs::read(&file).unwrap();
        *sealed.last_mut().unwrap() ^= 1;
        std::fs::write(&file, sealed).unwrap();
        assert_eq!(now(), Err(Damage::Changed));
        assert_eq!(bring_back(copy.path(), live.path(), &sealer).unwrap(), 1);
        assert_eq!((now(), bring_back(copy.path(), live.path(), &sealer).unwrap()), (Ok(bytes), 0));
        assert_eq!(open(live.path(), &sealer, "../../keys"), Err(Damage::Missing));
    }
}
