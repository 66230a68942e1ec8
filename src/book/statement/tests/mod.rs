//! Tests of the statement: worked examples as tables, invariants over random lives, a slow
//! reference, and a whole county.

mod county;
mod examples;
mod lives;
mod reference;
mod situations;
mod tables;
mod whole;

use chrono::NaiveDate;

use super::*;
use crate::base::dates::day_in;
use crate::book::policy::Policy;

/// A date out of text.
fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
