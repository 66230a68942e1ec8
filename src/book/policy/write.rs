//! Writes later values as entries of a file, so that what a page sends and what a file says are the
//! same text; and takes such a file apart.

use chrono::NaiveDate;

use super::later::Waiver;
use crate::base::rate::RatePpm;

/// The tables that such a file may hold.
pub const LATER_TABLES: [&str; 3] = ["waiver_year", "lpr", "holidays"];

fn entry(table: &str, mut values: toml::Table, source: &str, on: Option<NaiveDate>) -> String {
    values.insert("source".to_owned(), source.into());
    values.insert("confidence".to_owned(), "S".into());
    if let Some(on) = on {
        values.insert("announced_on".to_owned(), on.to_string().into());
    }
    let mut file = toml::Table::new();
    file.insert(table.to_owned(), toml::Value::Array(vec![values.into()]));
    file.to_string()
}

pub fn waiver_entry(year: i32, waiver: Waiver, source: &str, on: Option<NaiveDate>) -> String {
    let mut values = toml::Table::new();
    values.insert("year".to_owned(), i64::from(year).into());
    values.insert("state".to_owned(), waiver.as_text().into());
    entry("waiver_year", values, source, on)
}

pub fn lpr_entry(published_on: NaiveDate, rate: RatePpm, source: &str) -> String {
    let mut values = toml::Table::new();
    values.insert("published_on".to_owned(), published_on.to_string().into());
    values.insert("percent".to_owned(), rate.to_percent_text().into());
    entry("lpr", values, source, None)
}

pub fn holidays_entry(
    year: i32,
    (off, work): (&[NaiveDate], &[NaiveDate]),
    source: &str,
    on: Option<NaiveDate>,
) -> String {
    let days = |days: &[NaiveDate]| -> toml::Value {
        days.iter().map(|day| toml::Value::from(day.to_string())).collect::<Vec<_>>().into()
    };
    let mut values = toml::Table::new();
    values.insert("year".to_owned(), i64::from(year).into());
    values.insert("off".to_owned(), days(off));
    values.insert("work".to_owned(), days(work));
    entry("holidays", values, source, on)
}

/// One entry of a file of later values.
#[derive(Clone, Debug, PartialEq)]
pub struct LaterEntry {
    pub table: &'static str,
    pub values: toml::Table,
}

impl LaterEntry {
    /// A field as text; empty when it is not there.
    pub fn text(&self, field: &str) -> String {
        match self.values.get(field) {
            Some(toml::Value::String(text)) => text.clone(),
            Some(toml::Value::Array(days)) => {
                days.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join("\n")
            }
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

/// Takes a file of later values apart; what else stands in it is named.
pub fn taken_apart(text: &str) -> Result<Vec<LaterEntry>, String> {
    let file: toml::Table = text.parse().map_err(|_| "读不出来：不是导出的政策文件".to_owned())?;
    let mut found = Vec::new();
    for (key, value) in file {
        let table = LATER_TABLES.iter().find(|known| **known == key);
        let (Some(table), toml::Value::Array(items)) = (table, value) else {
            return Err(format!("里面有 {key}，这里只能导入免息年份、LPR 和节假日"));
        };
        for item in items {
            let toml::Value::Table(values) = item else {
                return Err(format!("{key} 里有一条读不出来"));
            };
            found.push(LaterEntry { table, values });
        }
    }
    if found.is_empty() { Err("里面一条也没有".to_owned()) } else { Ok(found) }
}
