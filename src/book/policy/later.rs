//! Values that come every month or year, as entries of a TOML file: a year's waiver, a month's LPR,
//! a year's holidays. A county's folder may hold them, and so does whatever two persons entered on
//! the page 政策与利率: the same text, the same checks. Knows no database.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer};

use super::calendar::Calendar;
use super::dated::RawEntry;
use super::error::{Fault, PolicyError};
use super::load::Files;
use super::{Policy, Tables};
use crate::base::dates::day_in;
use crate::base::rate::RatePpm;

/// Is the interest of a year the state's?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiver {
    /// A notice says so.
    Announced,
    /// It is certain that there is none.
    None,
    /// Nobody knows yet: figures are those without one, and say so.
    Unknown,
}

impl Waiver {
    /// As files write it.
    pub fn as_text(self) -> &'static str {
        match self {
            Waiver::Announced => "announced",
            Waiver::None => "none",
            Waiver::Unknown => "unknown",
        }
    }

    /// As pages say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Waiver::Announced => "免除",
            Waiver::None => "不免除",
            Waiver::Unknown => "还没有通知",
        }
    }

    fn announced() -> Self {
        Waiver::Announced
    }
}

/// What is said of one year, with its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverYear {
    pub year: i32,
    pub waiver: Waiver,
    /// Number of the document.
    pub source: String,
    /// Day of the document, where it was entered.
    pub announced_on: Option<NaiveDate>,
    /// File the entry comes from.
    pub file: String,
}

/// What is said wherever an amount contains interest of a year of which nobody knows yet.
pub const WITHOUT_WAIVER: &str = "按没有免息政策计算";

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverEntry {
    year: i32,
    #[serde(default = "Waiver::announced")]
    state: Waiver,
    #[serde(default, deserialize_with = "maybe_day")]
    announced_on: Option<NaiveDate>,
}

/// The LPR of a month.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LprEntry {
    #[serde(deserialize_with = "day")]
    published_on: NaiveDate,
    #[serde(deserialize_with = "percent")]
    percent: RatePpm,
}

/// The holidays of a year.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    year: i32,
    off: Vec<NaiveDateText>,
    work: Vec<NaiveDateText>,
    /// Only for whoever reads the file.
    #[serde(default, rename = "announced_on", deserialize_with = "maybe_day")]
    _announced_on: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct NaiveDateText(#[serde(deserialize_with = "day")] NaiveDate);

fn day<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!("expected a date such as 2026-09-01, found {text:?}"))
    })
}

fn maybe_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    day(from).map(Some)
}

fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<RatePpm, D::Error> {
    let text = String::deserialize(from)?;
    let expected = || serde::de::Error::custom(format!("expected percent as text, found {text:?}"));
    text.parse().map_err(|_| expected())
}

fn fault_in(raw: &RawEntry, key: &str, fault: Fault) -> PolicyError {
    PolicyError { file: raw.file.clone(), key: key.to_owned(), fault }
}

impl Tables {
    /// What is said of each year. A later entry may settle a year that was unknown, nothing else.
    pub(super) fn waivers(&mut self) -> Result<Vec<WaiverYear>, PolicyError> {
        let key = "waiver_year";
        let mut years: Vec<WaiverYear> = Vec::new();
        for (raw, entry, source) in self.plain::<WaiverEntry>(key)? {
            let WaiverEntry { year, state: waiver, announced_on } = entry;
            let file = raw.file.clone();
            let fresh = WaiverYear { year, waiver, source, announced_on, file };
            match years.iter_mut().find(|known| known.year == year) {
                None => years.push(fresh),
                Some(known) if known.waiver == Waiver::Unknown => *known = fresh,
                Some(_) => {
                    let (from, until) = (day_in(year, 1, 1), Some(day_in(year, 12, 31)));
                    return Err(fault_in(&raw, key, Fault::Overlap { from, until }));
                }
            }
        }
        years.sort_by_key(|known| known.year);
        Ok(years)
    }

    /// Adds the months' LPR to what the sheets have: ascending, one each month.
    pub(super) fn later_lpr(
        &mut self,
        known: &mut Vec<(NaiveDate, RatePpm)>,
    ) -> Result<(), PolicyError> {
        let key = "lpr";
        for (raw, LprEntry { published_on: from, percent }, _) in self.plain::<LprEntry>(key)? {
            match known.last().copied() {
                Some((newest, _)) if from <= newest => {
                    if !known.contains(&(from, percent)) {
                        return Err(fault_in(&raw, key, Fault::NotLater { from, newest }));
                    }
                }
                last => {
                    known.push((from, percent));
                    let pair: Vec<_> = last.into_iter().chain([(from, percent)]).collect();
                    super::calendar::check_monthly(&raw.file, &pair)?;
                }
            }
        }
        Ok(())
    }

    /// Adds the years' holidays to those of the sheets.
    pub(super) fn later_holidays(&mut self, calendar: &mut Calendar) -> Result<(), PolicyError> {
        let key = "holidays";
        for (raw, entry, _) in self.plain::<HolidayEntry>(key)? {
            let year = entry.year;
            let (from, until) = (day_in(year, 1, 1), day_in(year, 12, 31));
            if calendar.knows(year) {
                return Err(fault_in(&raw, key, Fault::Overlap { from, until: Some(until) }));
            }
            if let Some(last) = calendar.last_known().filter(|last| last + 1 < year) {
                let (after, before) = (day_in(last, 12, 31), from);
                return Err(fault_in(&raw, key, Fault::Hole { after, before }));
            }
            let marked = |days: &[NaiveDateText], off| -> Vec<(NaiveDate, bool)> {
                days.iter().map(|NaiveDateText(day)| (*day, off)).collect()
            };
            let days = [marked(&entry.off, true), marked(&entry.work, false)].concat();
            if let Some((day, _)) = days.iter().find(|(day, _)| day.year() != year) {
                let expected = format!("expected days of {year}, found {day}");
                return Err(fault_in(&raw, key, Fault::Value { from: year.to_string(), expected }));
            }
            if let Some(day) = calendar.announce(year, &days) {
                return Err(fault_in(&raw, key, Fault::Overlap { from: day, until: Some(day) }));
            }
        }
        Ok(())
    }
}

impl Policy {
    /// The same rules with later values put upon them: (where it comes from, TOML text), in order.
    ///
    /// # Errors
    /// As for files: what would change the past, leaves a hole, or says two things of one day.
    pub fn with_later(&self, entries: &[(String, String)]) -> Result<Policy, PolicyError> {
        let mut files = Files::clone(&self.files);
        for (name, text) in entries {
            files.tables.push((name.clone(), true, text.clone()));
        }
        Policy::from_files(&files)
    }

    /// What is known of the waiver of a year: years before the first entry had none, of later ones
    /// without an entry nobody knows.
    pub fn waiver(&self, year: i32) -> Waiver {
        match self.waivers.iter().find(|known| known.year == year) {
            Some(known) => known.waiver,
            None if self.waivers.first().is_some_and(|first| year < first.year) => Waiver::None,
            None => Waiver::Unknown,
        }
    }

    /// What an amount that falls due on `due_on` must say besides, when it contains interest of a
    /// year of which nobody knows yet whether it is waived. The one place that decides it.
    pub fn assumed(&self, due_on: NaiveDate) -> Option<&'static str> {
        (self.waiver(due_on.year()) == Waiver::Unknown).then_some(WITHOUT_WAIVER)
    }

    /// The same of arrears as of a day: what fell due last before it.
    pub fn assumed_in_arrears(&self, as_of: NaiveDate) -> Option<&'static str> {
        let due_in = |year: i32| self.due_day(as_of).in_year(year);
        let this_year = due_in(as_of.year());
        self.assumed(if this_year < as_of { this_year } else { due_in(as_of.year() - 1) })
    }
}
