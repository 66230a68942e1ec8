//! What can be wrong with the dated rules, each message naming file, key and dates.

use std::fmt;

use chrono::NaiveDate;

/// A fault in a policy file; the program does not start with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file, `policies/cdb.toml`.
    pub file: String,
    /// The table, `cdb.loan_cap`; empty when the file itself is unreadable.
    pub key: String,
    pub fault: Fault,
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file cannot be read or parsed.
    Unreadable(String),
    /// No table of this name exists in any file.
    Missing,
    /// A table that the program does not know.
    Unknown,
    /// A value is missing or wrong in the entry that begins on `from` (or of that year).
    Value {
        /// Begin of the entry, as far as it could be read.
        from: String,
        expected: String,
    },
    /// Days between two entries belong to neither.
    Hole {
        /// Last day before the hole.
        after: NaiveDate,
        /// First day after it.
        before: NaiveDate,
    },
    /// Days belong to two entries.
    Overlap {
        /// The day on which the later entry begins.
        from: NaiveDate,
        /// The last day of the earlier entry (`None`: it is open).
        until: Option<NaiveDate>,
    },
    /// A county's entry would change the past.
    NotLater {
        /// Begin of the county's entry.
        from: NaiveDate,
        /// Begin of the newest entry there is.
        newest: NaiveDate,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        match &self.fault {
            Fault::Unreadable(why) => write!(f, ": {why}"),
            Fault::Missing => f.write_str(": expected this table, found none"),
            Fault::Unknown => f.write_str(": no table of this name is known"),
            Fault::Value { from, expected } => write!(f, " from {from}: {expected}"),
            Fault::Hole { after, before } => {
                write!(f, ": hole between {after} and {before}")
            }
            Fault::Overlap { from, until: Some(until) } => {
                write!(f, ": overlap from {from} to {until}")
            }
            Fault::Overlap { from, until: None } => {
                write!(f, ": overlap from {from} on (the entry before it has no last day)")
            }
            Fault::NotLater { from, newest } => write!(
                f,
                ": an entry from {from} would change the past; it must begin after {newest}"
            ),
        }
    }
}

impl std::error::Error for PolicyError {}

/// Something that wants attention but stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyWarning {
    /// The LPR of a month was due and is not in the table; the last known value is used.
    LprLate {
        /// Newest publication in the table.
        last_published_on: Option<NaiveDate>,
        /// When the next one was expected.
        expected_on: NaiveDate,
    },
    /// The State Council's holiday notice of the year is not in the table.
    HolidaysUnknown { year: i32 },
    /// Nobody has said yet whether the interest of the year is waived.
    WaiverUnknown { year: i32 },
}

impl fmt::Display for PolicyWarning {
    /// For a page of the desk.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyWarning::LprLate { last_published_on, expected_on } => {
                write!(f, "{expected_on} 应公布的五年期以上 LPR 尚未录入，暂用")?;
                match last_published_on {
                    Some(day) => write!(f, " {day} 的数值；缺几个月的，从最早的一个月录起"),
                    None => f.write_str("已有数值"),
                }
            }
            PolicyWarning::WaiverUnknown { year } => {
                write!(f, "{year} 年利息是否免除还没有录入，暂按没有免息政策计算")
            }
            PolicyWarning::HolidaysUnknown { year } => {
                write!(f, "{year} 年节假日安排尚未录入，暂按法定节日和周末推算")
            }
        }
    }
}
