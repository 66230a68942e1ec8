//! The day a statement is of, and the day up to which it knows what was paid (rules-more 3.14:
//! in the last days of December the bank's result of 12-20 is not there yet).

use chrono::NaiveDate;

/// A day, and how far money is known on it. Made from a day alone, everything up to it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    day: NaiveDate,
    known_until: NaiveDate,
    penalty_until: NaiveDate,
}

impl AsOf {
    /// `day` as far as money is known: up to `known_until`, or (`None`) not at all.
    pub fn known_until(day: NaiveDate, known_until: Option<NaiveDate>) -> AsOf {
        let known_until = known_until.map_or(NaiveDate::MIN, |known| known.min(day));
        AsOf { day, known_until, penalty_until: known_until }
    }

    /// `day` for whoever goes ahead without the bank: what is open is overdue, but bears penalty no
    /// longer than payments are known.
    pub fn ahead(day: NaiveDate, known_until: Option<NaiveDate>) -> AsOf {
        AsOf { known_until: day, ..AsOf::known_until(day, known_until) }
    }

    /// The day of the statement.
    pub const fn day(self) -> NaiveDate {
        self.day
    }

    /// The last day of which all payments are known; never after [`AsOf::day`].
    pub const fn known(self) -> NaiveDate {
        self.known_until
    }

    /// The last day that bears penalty, unless a later payment tells more.
    pub(super) const fn penalty(self) -> NaiveDate {
        self.penalty_until
    }
}

impl From<NaiveDate> for AsOf {
    fn from(day: NaiveDate) -> AsOf {
        AsOf { day, known_until: day, penalty_until: day }
    }
}
