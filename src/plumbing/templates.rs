//! Pages and papers: minijinja, strict about undefined values, embedded in the program and
//! re-read from disk in debug builds. A county's own file (`template_dir`) wins over ours.
//!
//! Arithmetic is done in Rust before a template sees a figure; filters here only write.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::base::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::assets;

#[derive(RustEmbed)]
#[folder = "templates"]
struct Embedded;

/// How long a change in the county's folder may stay unseen.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// All templates, compiled once each.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// Those an office may have written anew: compiled again when their files change.
    own: RwLock<Environment<'static>>,
    /// Ours alone: what is said when a file of the county's folder does not render.
    built_in: Environment<'static>,
    folder: Option<PathBuf>,
    seen: Mutex<Seen>,
}

/// When the county's folder was last looked at, and how it looked.
#[derive(Debug, Default)]
struct Seen {
    at: Option<Instant>,
    files: Vec<(PathBuf, SystemTime, u64)>,
}

impl Templates {
    /// Built-in templates, with those of `own` in front.
    pub fn new(own: Option<&Path>) -> Templates {
        let folder: Option<PathBuf> = own.map(Path::to_path_buf);
        let environment = new_environment(folder.clone());
        let own = RwLock::new(new_environment(folder.clone()));
        let built_in = new_environment(None);
        Templates { environment, own, built_in, folder, seen: Mutex::default() }
    }

    /// Renders the template `name` as an office has written it: its own file
    /// (`512022/messages/due_reminder.txt` in the county's folder), the county's, or ours. A file
    /// changed on disk is seen within a second, also by other instances of the program. A file that
    /// was put there by hand and does not render is told to the log, and ours is used.
    pub fn render_own<T: Serialize>(
        &self,
        office_code: &str,
        name: &str,
        context: T,
    ) -> AppResult<String> {
        self.look_again();
        let own_name = format!("@{office_code}/{name}");
        let context = Value::from(Serde(context));
        let environment = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let own = environment.get_template(&own_name).and_then(|own| own.render(&context));
        let Err(error) = own else { return own.map_err(|e| broken(&own_name, &e)) };
        tracing::error!(template = own_name, %error, "not rendered; the built-in text is used");
        let template = self.built_in.get_template(name).map_err(|e| broken(name, &e))?;
        template.render(context).map_err(|e| broken(name, &e))
    }

    /// The text of a template as an office has written it, and whether it is the office's own.
    pub fn text_of(&self, office_code: &str, name: &str) -> AppResult<(String, bool)> {
        let own = self.file_of(office_code, name).is_some_and(|file| file.exists());
        let text = source(self.folder.as_deref(), &format!("@{office_code}/{name}"));
        text.map(|text| (text, own)).ok_or(AppError::NotFound)
    }

    /// The text of a template as this program came with it.
    pub fn built_in(name: &str) -> Option<String> {
        source(None, name)
    }

    /// Keeps an office's own text of a template; the caller has looked that it renders.
    pub fn keep(&self, office_code: &str, name: &str, text: &str) -> AppResult<()> {
        let file = self.file_of(office_code, name).ok_or(AppError::NotFound)?;
        let failed = |e: std::io::Error| AppError::broken(format!("{}: {e}", file.display()));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        // Whole or not at all: another instance may be reading.
        let part = file.with_extension("part");
        std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &file)).map_err(failed)?;
        self.forget();
        Ok(())
    }

    /// Goes back to the text this program (or the county's folder) came with.
    pub fn reset(&self, office_code: &str, name: &str) -> AppResult<()> {
        let file = self.file_of(office_code, name).ok_or(AppError::NotFound)?;
        match std::fs::remove_file(&file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(AppError::broken(format!("{}: {e}", file.display())));
            }
            _ => self.forget(),
        }
        Ok(())
    }

    fn file_of(&self, office_code: &str, name: &str) -> Option<PathBuf> {
        let name = format!("{office_code}/{name}");
        let folder = self.folder.as_deref()?;
        (!leads_outside(&name)).then(|| folder.join(name))
    }

    fn forget(&self) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).clear_templates();
    }

    fn look_again(&self) {
        let Some(folder) = &self.folder else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.at.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
            return;
        }
        let files = own_files(folder);
        if seen.at.is_some() && files != seen.files {
            self.forget();
        }
        *seen = Seen { at: Some(Instant::now()), files };
    }

    /// Renders the template `name` with `context`.
    pub fn render<T: Serialize>(&self, name: &str, context: T) -> AppResult<String> {
        let template = self.environment.get_template(name).map_err(|e| broken(name, &e))?;
        template.render(Value::from(Serde(context))).map_err(|e| broken(name, &e))
    }

    /// The names of all built-in templates; tests render every one of them.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = Embedded::iter().map(|name| name.to_string()).collect();
        names.sort();
        names
    }
}

/// The files that offices and the county have written anew, with what tells a change.
fn own_files(folder: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let offices = entries(folder).map(|entry| entry.path().join("messages"));
    let mut files = Vec::new();
    for place in offices.chain([folder.join("messages")]) {
        for entry in entries(&place) {
            if let Ok(data) = entry.metadata() {
                let changed = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((entry.path(), changed, data.len()));
            }
        }
    }
    files.sort();
    files
}

fn new_environment(own: Option<PathBuf>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".txt") { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_auto_reload(cfg!(debug_assertions));
    environment.set_loader(move |name| Ok(source(own.as_deref(), name)));
    environment.add_filter("money", money);
    environment.add_filter("yuan", yuan);
    environment.add_filter("count", count);
    environment.add_function("asset", |name: String| Value::from_safe_string(assets::url(&name)));
    environment
}

fn source(own: Option<&Path>, name: &str) -> Option<String> {
    // A name comes from the program or from another template, never from a request; still,
    // nothing outside the folder is ever read.
    if leads_outside(name) {
        return None;
    }
    // `@512022/messages/x.txt`: the office's own, else what everybody has.
    if let Some((office, rest)) = name.strip_prefix('@').and_then(|name| name.split_once('/')) {
        let file = own.map(|folder| folder.join(office).join(rest));
        return file
            .and_then(|file| std::fs::read_to_string(file).ok())
            .or_else(|| source(own, rest));
    }
    if let Some(folder) = own
        && let Ok(text) = std::fs::read_to_string(folder.join(name))
    {
        return Some(text);
    }
    let file = Embedded::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
}

fn leads_outside(name: &str) -> bool {
    name.split('/').any(|part| part.is_empty() || part == "..")
}

fn broken(name: &str, error: &Error) -> AppError {
    AppError::broken(format!("template {name}: {error:#}"))
}

fn fen(value: &Value) -> Result<Fen, Error> {
    i64::try_from(value.clone())
        .map(Fen::new)
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "money filters take whole fen"))
}

/// Fen as `2,697.40`; nothing (none) stays blank (ui/README section 6).
fn money(value: Value) -> Result<String, Error> {
    if value.is_none() { Ok(String::new()) } else { Ok(fen(&value)?.to_page_text()) }
}

/// Fen as `¥2,697.40`, with the minus in front of the sign.
fn yuan(value: Value) -> Result<String, Error> {
    if value.is_none() {
        return Ok(String::new());
    }
    let text = fen(&value)?.to_page_text();
    Ok(match text.strip_prefix('\u{2212}') {
        Some(rest) => format!("\u{2212}¥{rest}"),
        None => format!("¥{text}"),
    })
}

/// A whole number with thousands separators: `3,662`.
fn count(value: Value) -> Result<String, Error> {
    let number = i64::try_from(value)
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "count takes a whole number"))?;
    let text = Fen::from_yuan(number).to_page_text();
    Ok(text.strip_suffix(".00").unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_design_says() {
        assert_eq!(yuan(Value::from(269_740)).unwrap(), "¥2,697.40");
        assert_eq!(yuan(Value::from(-5)).unwrap(), "\u{2212}¥0.05");
        assert_eq!(money(Value::from(0)).unwrap(), "0.00");
        assert_eq!(money(Value::from(())).unwrap(), "");
        assert_eq!(count(Value::from(3662)).unwrap(), "3,662");
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        assert_eq!(source(Some(Path::new("/etc")), "../etc/passwd"), None);
        assert_eq!(source(Some(Path::new("/")), "/etc/passwd"), None);
    }
}
