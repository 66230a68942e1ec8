//! A folder as a gateway: one file for each message, named by its number. A second try finds the
//! file there and changes nothing, so nothing is ever in it twice.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Fault, Outcome};

/// A half-written file of a program that died is swept away after this long.
const SWEPT_AFTER: Duration = Duration::from_secs(3_600);

#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
}

static TRIES: AtomicU64 = AtomicU64::new(0);

impl Spool {
    /// Nothing is made yet: a folder that cannot be is found out when a message is to be sent,
    /// and told on the workbench like any other gateway that is down.
    pub fn new(folder: PathBuf) -> Spool {
        sweep(&folder);
        Spool { folder }
    }

    /// Puts `bytes` in the folder under `name`, whole or not at all. There already: nothing
    /// changes, and that is as good.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Outcome {
        match self.write(name, bytes) {
            Ok(()) => Outcome::Taken(name.to_owned()),
            Err(error) => {
                let advice = match error.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘满了",
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "没有写入权限",
                    _ => "写不进去",
                };
                let folder = self.folder.display();
                Outcome::Down(Fault::Folder, format!("文件夹 {folder} {advice}（{error}）"))
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let whole = self.folder.join(name);
        if whole.try_exists()? {
            return Ok(());
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // Another instance may be at the same message: each writes a file of its own, and only
        // one of them gets the name.
        let part = self.folder.join(format!(
            ".{name}.{}-{}.tmp",
            std::process::id(),
            TRIES.fetch_add(1, Ordering::Relaxed)
        ));
        let written = write_whole(&part, bytes).and_then(|()| match fs::hard_link(&part, &whole) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
        // What is left over is swept away later.
        let _ = fs::remove_file(&part);
        // Without this a power cut may take the name of what the database calls sent.
        written.and_then(|()| File::open(&self.folder)?.sync_all())
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Codes, names, amounts: for nobody else on this machine.
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let age = entry.metadata().and_then(|m| m.modified()).map(|at| at.elapsed());
        let old = matches!(age, Ok(Ok(age)) if age > SWEPT_AFTER);
        if old && name.starts_with('.') && name.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_message_is_there_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().join("made/when/needed"));
        assert_eq!(spool.put("7.json", b"one"), Outcome::Taken("7.json".to_owned()));
        assert_eq!(spool.put("7.json", b"two"), Outcome::Taken("7.json".to_owned()));
        let there = folder.path().join("made/when/needed");
        assert_eq!(fs::read(there.join("7.json")).unwrap(), b"one");
        assert_eq!(fs::read_dir(&there).unwrap().count(), 1, "nothing else stays behind");
        // Nobody else on this machine reads codes, names and amounts.
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&there), mode(&there.join("7.json"))), (0o700, 0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_a_gateway_that_is_down() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        fs::write(&file, "x").unwrap();
        let outcome = Spool::new(file.join("spool")).put("7.json", b"one");
        assert!(matches!(outcome, Outcome::Down(Fault::Folder, _)), "{outcome:?}");
    }
}
