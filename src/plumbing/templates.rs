//! Pages and papers: minijinja, strict about undefined values, embedded in the program and
//! re-read from disk in debug builds. A county's own file (`template_dir`) wins over ours.
//!
//! Arithmetic is done in Rust before a template sees a figure; filters here only write.

use std::path::{Path, PathBuf};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::book::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::assets;

#[derive(RustEmbed)]
#[folder = "templates"]
struct Embedded;

/// All templates, compiled once each.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Built-in templates, with those of `own` in front.
    pub fn new(own: Option<&Path>) -> Templates {
        let own: Option<PathBuf> = own.map(Path::to_path_buf);
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
        environment
            .add_function("asset", |name: String| Value::from_safe_string(assets::url(&name)));
        Templates { environment }
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

fn source(own: Option<&Path>, name: &str) -> Option<String> {
    // A name comes from the program or from another template, never from a request; still,
    // nothing outside the folder is ever read.
    if name.split('/').any(|part| part.is_empty() || part == "..") {
        return None;
    }
    if let Some(folder) = own
        && let Ok(text) = std::fs::read_to_string(folder.join(name))
    {
        return Some(text);
    }
    let file = Embedded::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
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
