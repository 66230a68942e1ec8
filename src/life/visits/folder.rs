//! All workbooks of a batch at once: into a folder, or as one archive to download.
//!
//! A file appears under its name only when it is whole; when the disk fills up, what was there
//! before is untouched and nothing half-written stays behind.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::cover;
use super::formats::Wishes;
use super::names::COVER;
use super::rules::Batch;
use super::workbook;
use crate::error::{AppError, AppResult};

/// Name and content of every workbook of the batch, the cover list first. Made one at a time.
pub fn workbooks<'a>(
    batch: &'a Batch,
    wishes: &'a Wishes,
) -> impl Iterator<Item = AppResult<(String, Vec<u8>)>> + 'a {
    let first = std::iter::once_with(|| Ok((COVER.to_owned(), cover::cover(batch, wishes)?)));
    let others = batch.receivers.iter().map(|receiver| {
        let book = workbook::for_receiver(batch, receiver, wishes)?;
        Ok((format!("{}.xlsx", receiver.stem), book))
    });
    first.chain(others)
}

/// One archive of all of them. Workbooks are compressed already, so the archive only holds them.
pub fn archive(batch: &Batch, wishes: &Wishes) -> AppResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for book in workbooks(batch, wishes) {
        let (name, bytes) = book?;
        zip.start_file(name, options).map_err(AppError::broken)?;
        zip.write_all(&bytes).map_err(AppError::broken)?;
    }
    Ok(zip.finish().map_err(AppError::broken)?.into_inner())
}

/// Why a folder could not be filled; one line that names the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The path cannot be an output folder: the person's to mend.
    BadFolder(String),
    /// The disk said no; nothing half-written is left.
    Failed(String),
}

/// Writes all workbooks into `folder` (made when it is not there). Files of an earlier run with
/// the same name are replaced, others stay. First everything is written under hidden names, then
/// everything is renamed: a full disk is met before the first workbook has changed. Returns the
/// names in order.
pub fn write(batch: &Batch, wishes: &Wishes, folder: &Path) -> Result<Vec<String>, NotWritten> {
    make_folder(folder)?;
    let mut waiting = Waiting::default();
    for book in workbooks(batch, wishes) {
        let (name, bytes) = book.map_err(|e| NotWritten::Failed(e.to_string()))?;
        let hidden = folder.join(format!(".{}.{}.part", waiting.files.len(), std::process::id()));
        // Listed before it is written, so that it is cleared away when writing fails half-way.
        waiting.files.push((hidden.clone(), folder.join(&name), name));
        write_whole(&hidden, &bytes).map_err(|e| failed(&hidden, &e))?;
    }
    waiting.rename()
}

/// Makes the folder, or says why that path cannot be one.
///
/// # Errors
/// `BadFolder` when it is a file or cannot be made.
pub fn make_folder(folder: &Path) -> Result<(), NotWritten> {
    if folder.exists() && !folder.is_dir() {
        let path = folder.display();
        return Err(NotWritten::BadFolder(format!("--out {path}: is a file, expected a folder")));
    }
    fs::create_dir_all(folder).map_err(|e| {
        NotWritten::BadFolder(format!("--out {}: cannot be made ({e})", folder.display()))
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(path: &Path, error: &std::io::Error) -> NotWritten {
    let advice = match error.kind() {
        std::io::ErrorKind::StorageFull => "the disk is full; make room, nothing was changed",
        std::io::ErrorKind::PermissionDenied => "the folder may not be written",
        _ => "cannot be written",
    };
    let folder = path.parent().unwrap_or(path).display();
    NotWritten::Failed(format!("--out {folder}: {advice} ({error})"))
}

/// Written, not yet under their names. What is still here when it is dropped is removed.
#[derive(Default)]
struct Waiting {
    files: Vec<(PathBuf, PathBuf, String)>,
}

impl Waiting {
    fn rename(mut self) -> Result<Vec<String>, NotWritten> {
        let mut names = Vec::with_capacity(self.files.len());
        for (hidden, path, name) in &self.files {
            fs::rename(hidden, path).map_err(|e| failed(path, &e))?;
            names.push(name.clone());
        }
        self.files.clear();
        Ok(names)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for (hidden, _, _) in &self.files {
            // One that was renamed already is not there any more, and that is all right.
            let _ = fs::remove_file(hidden);
        }
    }
}
