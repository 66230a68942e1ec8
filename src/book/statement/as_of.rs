//! The day a statement is of, and the day up to which it knows what was paid (rules-more 3.14:
//! in the last days of December the bank's result of 12-20 is not there yet).

use chrono::NaiveDate;

/// A day, and how far money is known on it. Made from a day alone, everything up to it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    day: NaiveDate,
    known_until: NaiveDate,
}

impl AsOf {
    /// `day` as far as money is known: up to `known_until`, or (`None`) not at all.
    pub fn known_until(day: NaiveDate, known_until: Option<NaiveDate>) -> AsOf {
        AsOf { day, known_until: known_until.map_or(NaiveDate::MIN, |known| known.min(day)) }
    }

    /// The day of the statement.
    pub const fn day(self) -> NaiveDate {
        self.day
    }

    /// The last day of which all payments are known; never after [`AsOf::day`].
    pub const fn known(self) -> NaiveDate {
        self.known_until
    }
}

impl From<NaiveDate> for AsOf {
    fn from(day: NaiveDate) -> AsOf {
        AsOf { day, known_until: day }
    }
}
