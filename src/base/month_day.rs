//! A day of the year.

use chrono::NaiveDate;

use super::dates::day_in;

/// A day of the year, such as 12-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDay {
    month: u32,
    day: u32,
}

impl MonthDay {
    /// 12-20, the due day of the origin-place loan (rules.md 2.2).
    pub const DECEMBER_20: MonthDay = MonthDay { month: 12, day: 20 };

    /// A day that exists in a leap year, or nothing.
    pub fn new(month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(2000, month, day).map(|_| MonthDay { month, day })
    }

    /// Reads `12-20`.
    pub fn from_text(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        if month.len() != 2 || day.len() != 2 {
            return None;
        }
        MonthDay::new(month.parse().ok()?, day.parse().ok()?)
    }

    /// `12-20`.
    pub fn to_text(self) -> String {
        format!("{:02}-{:02}", self.month, self.day)
    }

    /// This day in a year (02-29 is 02-28 in a common year).
    pub fn in_year(self, year: i32) -> NaiveDate {
        day_in(year, self.month, self.day)
    }
}
