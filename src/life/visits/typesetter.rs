//! The program `zhuxue-papers` that sets papers as one PDF: where it is, and running it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::{AppError, AppResult};

/// Whether papers can be had as one PDF.
pub fn is_installed() -> bool {
    program().is_some()
}

/// The program beside ours, when it is there.
pub(super) fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let beside = own.parent()?.join(format!("zhuxue-papers{}", std::env::consts::EXE_SUFFIX));
    beside.is_file().then_some(beside)
}

/// Runs the program. Its data never touches the disk; the PDF is read and removed.
pub(super) fn set(program: &Path, data: &Value, out: &Path) -> AppResult<Vec<u8>> {
    let mut child = Command::new(program)
        .args(["--template", "pack", "--data", "-", "--out"])
        .arg(out)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| AppError::broken(format!("zhuxue-papers does not start: {e}")))?;
    let text = serde_json::to_vec(data).map_err(AppError::broken)?;
    if let Some(mut input) = child.stdin.take() {
        // A program that stops early closes its end; what it says then is read below.
        let _ = input.write_all(&text);
    }
    let done = child.wait_with_output().map_err(AppError::broken)?;
    let bytes = std::fs::read(out);
    let _ = std::fs::remove_file(out);
    if done.status.success() {
        return bytes.map_err(|e| AppError::broken(format!("the PDF cannot be read: {e}")));
    }
    let output = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(AppError::broken(format!("zhuxue-papers: {}: {output}", done.status)))
}
