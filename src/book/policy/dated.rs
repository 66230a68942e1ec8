//! One dated table: entries one after the other without hole or overlap, the last holding on.

use chrono::{Days, NaiveDate};
use serde::de::DeserializeOwned;

use super::error::{Fault, PolicyError};

/// One entry as found in a file.
#[derive(Clone, Debug)]
pub(super) struct RawEntry {
    pub file: String,
    pub from_county: bool,
    pub values: toml::Table,
}

/// How files are called that are entries of the page 政策与利率.
pub(crate) const BY_HAND: &str = "page/";

impl RawEntry {
    /// It was entered on the page, not written into a file.
    pub fn is_by_hand(&self) -> bool {
        self.file.starts_with(BY_HAND)
    }
}

/// One entry of a dated table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    pub from: NaiveDate,
    /// Last day as written; the next entry's begin ends an open one.
    pub to: Option<NaiveDate>,
    /// Number of the document.
    pub source: String,
    /// Confidence mark of rules.md 0.1.
    pub confidence: String,
    /// File the entry comes from.
    pub file: String,
    pub value: T,
}

/// A table that has a value for every day: days before the first entry use the first, days
/// after the last use the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    first: Entry<T>,
    later: Vec<Entry<T>>,
}

impl<T> Dated<T> {
    /// The entry in force on a day.
    pub fn entry(&self, day: NaiveDate) -> &Entry<T> {
        self.later.iter().rev().find(|entry| entry.from <= day).unwrap_or(&self.first)
    }

    /// The value in force on a day.
    pub fn on(&self, day: NaiveDate) -> &T {
        &self.entry(day).value
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        std::iter::once(&self.first).chain(&self.later)
    }
}

/// Takes the text of a field out of an entry.
pub(super) fn take_text(values: &mut toml::Table, field: &str) -> Result<Option<String>, String> {
    match values.remove(field) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{field}: expected text, found {}", other.type_str())),
    }
}

fn take_day(values: &mut toml::Table, field: &str) -> Result<Option<NaiveDate>, String> {
    take_text(values, field)?
        .map(|text| {
            text.parse()
                .map_err(|_| format!("{field}: expected a date such as 2026-09-01, found {text:?}"))
        })
        .transpose()
}

fn needed<V>(value: Option<V>, field: &str) -> Result<V, String> {
    value.ok_or_else(|| format!("{field}: expected this field, found none"))
}

/// Reads the values of one entry, without its dates and source.
pub(super) fn value<T: DeserializeOwned>(values: toml::Table) -> Result<T, String> {
    toml::Value::Table(values)
        .try_into::<T>()
        .map_err(|error| error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Source and confidence of an entry.
pub(super) fn take_source(values: &mut toml::Table) -> Result<(String, String), String> {
    let source = needed(take_text(values, "source")?, "source")?;
    let confidence = needed(take_text(values, "confidence")?, "confidence")?;
    let known = matches!(confidence.as_str(), "S" | "K" | "D" | "X" | "R")
        || confidence.strip_prefix('V').is_some_and(|n| n.parse::<u8>().is_ok_and(|n| n >= 2));
    if known {
        Ok((source, confidence))
    } else {
        Err(format!("confidence: expected V2, V3 ..., S, K, D, X or R, found {confidence:?}"))
    }
}

fn entry<T: DeserializeOwned>(raw: &RawEntry) -> Result<Entry<T>, String> {
    let mut values = raw.values.clone();
    let from = needed(take_day(&mut values, "from")?, "from")?;
    let to = take_day(&mut values, "to")?;
    if to.is_some_and(|to| to < from) {
        return Err("to: expected a day not before from".to_owned());
    }
    let (source, confidence) = take_source(&mut values)?;
    let value = value(values)?;
    Ok(Entry { from, to, source, confidence, file: raw.file.clone(), value })
}

/// Checks the entries of one table against each other and joins them.
pub(super) fn dated<T: DeserializeOwned>(
    key: &str,
    raw: Vec<RawEntry>,
) -> Result<Dated<T>, PolicyError> {
    let mut done: Option<Dated<T>> = None;
    for found in raw {
        let fault = |fault| PolicyError { file: found.file.clone(), key: key.to_owned(), fault };
        let begins = found.values.get("from").and_then(toml::Value::as_str).unwrap_or("?");
        let next = entry::<T>(&found)
            .map_err(|expected| fault(Fault::Value { from: begins.to_owned(), expected }))?;
        match &mut done {
            None => done = Some(Dated { first: next, later: Vec::new() }),
            Some(table) => {
                let last = table.later.last().unwrap_or(&table.first);
                check_after(last, &next, found.from_county).map_err(fault)?;
                table.later.push(next);
            }
        }
    }
    done.ok_or_else(|| PolicyError {
        file: "policies".to_owned(),
        key: key.to_owned(),
        fault: Fault::Missing,
    })
}

fn check_after<T>(last: &Entry<T>, next: &Entry<T>, from_county: bool) -> Result<(), Fault> {
    if from_county && next.from <= last.from {
        return Err(Fault::NotLater { from: next.from, newest: last.from });
    }
    let Some(to) = last.to else {
        // A county's value ends the open entry before it; two entries of one file must say so.
        return if from_county {
            Ok(())
        } else {
            Err(Fault::Overlap { from: next.from, until: None })
        };
    };
    if next.from <= to {
        Err(Fault::Overlap { from: next.from, until: Some(to) })
    } else if to.checked_add_days(Days::new(1)) != Some(next.from) {
        Err(Fault::Hole { after: to, before: next.from })
    } else {
        Ok(())
    }
}
