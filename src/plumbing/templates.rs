//! Pages and papers: minijinja, strict about undefined values, embedded in the program and
//! re-read from disk in debug builds. A county's own file (`template_dir`) wins over ours.
//!
//! Arithmetic is done in Rust before a template sees a figure; filters here only write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::base::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::assets;

#[derive(RustEmbed)]
#[folder = "../../templates"]
struct Embedded;

/// All templates, compiled once each.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// Those an office may have written anew: compiled again when one was.
    own: RwLock<Environment<'static>>,
    /// Ours alone: what is said when a county's text does not render.
    built_in: Environment<'static>,
    folder: Option<PathBuf>,
    texts: Arc<RwLock<OwnTexts>>,
}

/// What offices wrote themselves, by `512022/messages/due_reminder.txt`.
pub type OwnTexts = BTreeMap<String, String>;

impl Templates {
    /// Built-in templates, with those of `own` in front.
    pub fn new(own: Option<&Path>) -> Templates {
        let folder: Option<PathBuf> = own.map(Path::to_path_buf);
        let texts = Arc::<RwLock<OwnTexts>>::default();
        let environment = new_environment(folder.clone(), Arc::default());
        let own = RwLock::new(new_environment(folder.clone(), Arc::clone(&texts)));
        let built_in = new_environment(None, Arc::default());
        Templates { environment, own, built_in, folder, texts }
    }

    /// Renders the template `name` as an office has written it: its own text, the county's file,
    /// or ours. One that does not render is told to the log, and ours is used.
    pub fn render_own<T: Serialize>(
        &self,
        office_code: &str,
        name: &str,
        context: T,
    ) -> AppResult<String> {
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
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = texts.get(&format!("{office_code}/{name}")) {
            return Ok((own.clone(), true));
        }
        let text = source(self.folder.as_deref(), name);
        text.map(|text| (text, false)).ok_or(AppError::NotFound)
    }

    /// The text of a template as this program came with it.
    pub fn built_in(name: &str) -> Option<String> {
        source(None, name)
    }

    /// Takes over what offices have written. True: something had changed.
    pub fn take_over(&self, new: OwnTexts) -> bool {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        if *texts == new {
            return false;
        }
        *texts = new;
        drop(texts);
        self.own.write().unwrap_or_else(PoisonError::into_inner).clear_templates();
        true
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

fn new_environment(folder: Option<PathBuf>, texts: Arc<RwLock<OwnTexts>>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".txt") { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_auto_reload(cfg!(debug_assertions));
    environment.set_loader(move |name| {
        // `@512022/messages/x.txt`: the office's own, else what everybody has.
        let Some(name) = name.strip_prefix('@') else { return Ok(source(folder.as_deref(), name)) };
        let own = texts.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let common = || source(folder.as_deref(), name.split_once('/')?.1);
        Ok(own.or_else(common))
    });
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
