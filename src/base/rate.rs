//! Interest rates in whole millionths a year. 2.80 % is `RatePpm::new(28_000)`.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Integer;
use serde::{Deserialize, Serialize};

/// A yearly rate in millionths.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = Integer)]
#[serde(transparent)]
pub struct RatePpm(i32);

/// Why a text is not a rate in percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotARate;

impl fmt::Display for NotARate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected percent as decimal text with at most four decimals, such as 2.80")
    }
}

impl std::error::Error for NotARate {}

impl RatePpm {
    pub const ZERO: RatePpm = RatePpm(0);

    /// A rate of `ppm` millionths.
    pub const fn new(ppm: i32) -> Self {
        RatePpm(ppm)
    }

    /// The rate in millionths.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// This rate less a margin, never below zero.
    pub fn less(self, margin: RatePpm) -> RatePpm {
        RatePpm(self.0.saturating_sub(margin.0).max(0))
    }

    /// Percent with at least two decimals: `2.80`, `4.655`.
    pub fn to_percent_text(self) -> String {
        let whole = self.0 / 10_000;
        let mut decimals = format!("{:04}", (self.0 % 10_000).abs());
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        format!("{whole}.{decimals}")
    }
}

impl FromStr for RatePpm {
    type Err = NotARate;

    /// Reads percent text: `2.80` is 28,000 millionths. 0 to 100 percent.
    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(decimals) || decimals.len() > 4 || whole.len() > 3 {
            return Err(NotARate);
        }
        let whole: i32 = whole.parse().map_err(|_| NotARate)?;
        let padded: i32 = format!("{decimals:0<4}").parse().map_err(|_| NotARate)?;
        let ppm = whole * 10_000 + padded;
        if ppm > 1_000_000 { Err(NotARate) } else { Ok(RatePpm(ppm)) }
    }
}

impl fmt::Display for RatePpm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_percent_text())
    }
}

crate::base::ids::sql_number!(RatePpm, Integer, i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_texts_round_trip() {
        for (text, ppm) in [("2.80", 28_000), ("4.655", 46_550), ("0.00", 0), ("6.12", 61_200)] {
            assert_eq!(text.parse::<RatePpm>(), Ok(RatePpm::new(ppm)));
            assert_eq!(RatePpm::new(ppm).to_percent_text(), text);
        }
        assert_eq!("3".parse(), Ok(RatePpm::new(30_000)));
        for bad in ["", "2.8%", "-1", "2.80000", "101", "1e2"] {
            assert_eq!(bad.parse::<RatePpm>(), Err(NotARate), "{bad:?}");
        }
    }
}
