//! Working days, and the two rate tables that come as CSV.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};

use super::error::{Fault, PolicyError};
use super::values::next_day;
use crate::base::dates::day_in;
use crate::base::rate::RatePpm;

/// A CSV file as found: its name, its bytes, and whether it is the county's own.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub file: String,
    pub from_county: bool,
    pub bytes: Vec<u8>,
}

/// Days off and make-up working days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// true: a day off; false: a working day at a weekend.
    special: BTreeMap<NaiveDate, bool>,
    /// Years with a notice of the State Council.
    known: BTreeSet<i32>,
}

impl Calendar {
    /// True when offices work on that day. Years without a notice: the legal holidays if known,
    /// and weekends.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        match self.special.get(&day) {
            Some(off) => !off,
            None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
        }
    }

    /// True on a public holiday: a day off by notice (weekends within it too), or by law in years
    /// without a notice. An ordinary weekend is none.
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        self.special.get(&day) == Some(&true)
    }

    /// The first day off of Spring Festival: the first holiday between 15 January and 25 February,
    /// where no other holiday can be. None in years whose holidays are not known.
    pub fn spring_festival(&self, year: i32) -> Option<NaiveDate> {
        let days = self.special.range(day_in(year, 1, 15)..=day_in(year, 2, 25));
        days.filter(|(_, off)| **off).map(|(day, _)| *day).next()
    }

    /// The day itself, or the next working day.
    pub fn working_day_from(&self, day: NaiveDate) -> NaiveDate {
        let mut found = day;
        while !self.is_working_day(found) && found < NaiveDate::MAX {
            found = next_day(found);
        }
        found
    }

    /// The working day that lies `count` working days after (negative: before) a day.
    pub fn add_working_days(&self, day: NaiveDate, count: i64) -> NaiveDate {
        let mut found = day;
        let mut left = count.abs();
        while left > 0 {
            let step = if count > 0 { found.succ_opt() } else { found.pred_opt() };
            let Some(step) = step else { return found };
            found = step;
            left -= i64::from(self.is_working_day(found));
        }
        found
    }

    /// Takes in the notice of a year, which puts days by law alone aside; a day that was said twice
    /// stops it.
    pub(super) fn announce(&mut self, year: i32, days: &[(NaiveDate, bool)]) -> Option<NaiveDate> {
        self.special.retain(|day, _| day.year() != year);
        self.known.insert(year);
        days.iter().find_map(|(day, off)| self.special.insert(*day, *off).map(|_| *day))
    }

    /// How many days off by notice and make-up working days a year has.
    pub fn counts(&self, year: i32) -> (usize, usize) {
        let days = || self.special.range(day_in(year, 1, 1)..=day_in(year, 12, 31));
        let off = days().filter(|(_, off)| **off).count();
        (off, days().count() - off)
    }

    /// The years whose notices are in the table.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.known.iter().copied()
    }

    /// The last year whose notice is in the table.
    pub fn last_known(&self) -> Option<i32> {
        self.known.last().copied()
    }

    /// True when the notice of that year is in the table.
    pub fn knows(&self, year: i32) -> bool {
        self.known.contains(&year)
    }
}

fn wrong(sheet: &Sheet, key: &str, from: &str, expected: &str) -> PolicyError {
    let fault = Fault::Value { from: from.to_owned(), expected: expected.to_owned() };
    PolicyError { file: sheet.file.clone(), key: key.to_owned(), fault }
}

/// Reads date and one other column of every row.
fn rows(
    sheet: &Sheet,
    key: &str,
    day_column: &str,
    value_column: &str,
) -> Result<Vec<(NaiveDate, String)>, PolicyError> {
    let mut reader = csv::Reader::from_reader(sheet.bytes.as_slice());
    let unreadable = |error: csv::Error| PolicyError {
        file: sheet.file.clone(),
        key: key.to_owned(),
        fault: Fault::Unreadable(error.to_string()),
    };
    let headers = reader.headers().map_err(unreadable)?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header.trim_start_matches('\u{feff}') == name)
            .ok_or_else(|| wrong(sheet, key, "?", &format!("expected the column {name}")))
    };
    let (day_at, value_at) = (column(day_column)?, column(value_column)?);
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let text = row.get(day_at).unwrap_or_default();
        let day = text.parse().map_err(|_| {
            wrong(sheet, key, text, &format!("{day_column}: expected a date such as 2026-08-20"))
        })?;
        found.push((day, row.get(value_at).unwrap_or_default().to_owned()));
    }
    Ok(found)
}

/// Reads a table of rates: ascending days, no day twice; a county's sheet may repeat what is
/// known and add later days, nothing else.
pub(super) fn rates(
    sheets: &[Sheet],
    key: &str,
    day_column: &str,
    value_column: &str,
) -> Result<Vec<(NaiveDate, RatePpm)>, PolicyError> {
    let mut known: Vec<(NaiveDate, RatePpm)> = Vec::new();
    for sheet in sheets {
        for (day, text) in rows(sheet, key, day_column, value_column)? {
            let rate: RatePpm = text.parse().map_err(|error| {
                wrong(sheet, key, &day.to_string(), &format!("{value_column}: {error}"))
            })?;
            let last = known.last().copied();
            match last {
                Some((newest, _)) if day <= newest => {
                    if sheet.from_county && known.contains(&(day, rate)) {
                        continue;
                    }
                    let fault = if sheet.from_county {
                        Fault::NotLater { from: day, newest }
                    } else {
                        Fault::Overlap { from: day, until: Some(newest) }
                    };
                    let (file, key) = (sheet.file.clone(), key.to_owned());
                    return Err(PolicyError { file, key, fault });
                }
                _ => known.push((day, rate)),
            }
        }
    }
    match (known.is_empty(), sheets.first()) {
        (true, Some(sheet)) => Err(wrong(sheet, key, "?", "expected at least one row")),
        (true, None) => Err(PolicyError {
            file: format!("data/{key}.csv"),
            key: key.to_owned(),
            fault: Fault::Missing,
        }),
        _ => Ok(known),
    }
}

/// The LPR is published every month: a month left out between two others is a hole.
pub(super) fn check_monthly(
    file: &str,
    values: &[(NaiveDate, RatePpm)],
) -> Result<(), PolicyError> {
    let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    for (before, after) in values.iter().zip(values.iter().skip(1)) {
        if month(after.0) - month(before.0) > 1 {
            let fault = Fault::Hole { after: before.0, before: after.0 };
            return Err(PolicyError { file: file.to_owned(), key: "lpr".to_owned(), fault });
        }
    }
    Ok(())
}

/// Reads the notices and, for years without one, the legal holidays alone.
pub(super) fn calendar(notices: &[Sheet], legal_only: &[Sheet]) -> Result<Calendar, PolicyError> {
    let mut calendar = Calendar::default();
    for (sheets, is_notice) in [(notices, true), (legal_only, false)] {
        for sheet in sheets {
            let known = calendar.known.clone();
            for (day, kind) in rows(sheet, "holidays", "date", "kind")? {
                if known.contains(&day.year()) {
                    continue;
                }
                let off = match kind.as_str() {
                    "holiday" => true,
                    "workday" => false,
                    _ => {
                        let expected = "kind: expected holiday or workday";
                        return Err(wrong(sheet, "holidays", &day.to_string(), expected));
                    }
                };
                if calendar.special.insert(day, off).is_some() {
                    let fault = Fault::Overlap { from: day, until: Some(day) };
                    let (file, key) = (sheet.file.clone(), "holidays".to_owned());
                    return Err(PolicyError { file, key, fault });
                }
                if is_notice {
                    calendar.known.insert(day.year());
                }
            }
        }
    }
    let years = calendar.known.first().copied().zip(calendar.known.last().copied());
    let missing =
        years.and_then(|(first, last)| (first..=last).find(|year| !calendar.known.contains(year)));
    match missing {
        None => Ok(calendar),
        Some(year) => Err(PolicyError {
            file: "data/holidays.csv".to_owned(),
            key: "holidays".to_owned(),
            fault: Fault::Hole { after: day_in(year - 1, 12, 31), before: day_in(year + 1, 1, 1) },
        }),
    }
}
