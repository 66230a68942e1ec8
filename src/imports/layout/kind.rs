//! What a kind of sheet is, and what the amounts in it are held against.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::reader::Reader;
use super::rows::Row;
use crate::base::money::Fen;
use crate::book::policy::{Policy, Step};
use crate::book::statement::{Product, StudyLevel};

/// The first years of the school years that are believed.
pub(super) const LOAN_YEARS: RangeInclusive<i32> = 1999..=2100;

/// What [`layout!`](super::declare) declares of one kind of sheet.
pub struct Spec {
    /// The key in the database, in addresses and as a file name.
    pub key: &'static str,
    /// A short name for buttons and lists.
    pub short_title: &'static str,
    /// The title that stands above such a sheet.
    pub title: &'static str,
    /// In the order of the proposed sheet.
    pub columns: &'static [Column],
    /// Reads one line; nothing when a required value is missing or useless.
    pub read: fn(&mut Reader<'_>) -> Option<Row>,
}

/// A kind of sheet: two are one when they have the same key. `Layout::ALL` stands where the kinds
/// are listed.
#[derive(Clone, Copy)]
pub struct Layout(pub(in crate::imports) &'static Spec);

impl Layout {
    /// The key in the database, in addresses and as a file name.
    pub const fn as_text(self) -> &'static str {
        self.0.key
    }

    /// The layout with this key.
    pub fn from_text(text: &str) -> Option<Layout> {
        Layout::ALL.into_iter().find(|layout| layout.as_text() == text)
    }

    /// The title that stands above such a sheet.
    pub const fn title(self) -> &'static str {
        self.0.title
    }

    /// A short name for buttons and lists.
    pub const fn short_title(self) -> &'static str {
        self.0.short_title
    }

    /// The columns, in the order of the proposed sheet.
    pub const fn columns(self) -> &'static [Column] {
        self.0.columns
    }
}

impl PartialEq for Layout {
    fn eq(&self, other: &Layout) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Layout {}

impl PartialOrd for Layout {
    fn partial_cmp(&self, other: &Layout) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Layout {
    fn cmp(&self, other: &Layout) -> Ordering {
        self.0.key.cmp(other.0.key)
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.key)
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Int,
    /// Free text, or a word of a list.
    Text,
    /// An identity number or another long number that must stay text.
    Id,
    Date,
    Month,
    /// In yuan with at most two decimals.
    Money,
    /// One or more telephone numbers.
    Phone,
}

/// One column of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// English key, the same for the same thing in all layouts.
    pub key: &'static str,
    /// Chinese heading of the proposed sheet.
    pub heading: &'static str,
    pub kind: ColumnKind,
    /// Without this column a sheet is not this layout; without its value a row is not taken.
    pub required: bool,
    /// Other headings, separated by `|`.
    pub synonyms: &'static str,
}

/// What the amount of one school year is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The most a year for a first degree.
    pub undergraduate: Fen,
    /// The most a year for postgraduates.
    pub postgraduate: Fen,
    /// The least, and of what an amount is a multiple.
    pub step: Step,
}

/// What amounts are held against, by school year (2024 stands for 2024-2025).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    years: BTreeMap<i32, Cap>,
}

impl Limits {
    /// The limits that the dated rules set for a product.
    pub fn of(policy: &Policy, product: Product) -> Limits {
        let of_year = |year: i32| {
            let cap = |level| policy.loan_cap(product, level, year);
            let begins = NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or_default();
            let cap = Cap {
                undergraduate: cap(StudyLevel::Undergraduate),
                postgraduate: cap(StudyLevel::Graduate),
                step: *policy.loan_step.on(begins),
            };
            (year, cap)
        };
        Limits { years: LOAN_YEARS.map(of_year).collect() }
    }

    /// The limits of a school year.
    pub fn cap_of(&self, loan_year: i32) -> Option<Cap> {
        self.years.get(&loan_year).copied()
    }
}
