//! Rules of the risk-compensation fund (风险补偿金) and of repayment relief (还款救助), as
//! `policies/aid.toml` and `policies/relief/` hold them (rules.md 10.5, 12; rules-more.md 3.6).

use serde::{Deserialize, Deserializer};

use super::values::{fen, rate};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;

fn maybe_fen<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Fen>, D::Error> {
    fen(from).map(Some)
}

/// Risk-compensation fund as a share of the year's new loans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskFundRate {
    #[serde(deserialize_with = "rate")]
    pub percent: RatePpm,
}

/// What becomes of what is left of the fund, or missing (rules.md 12).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskFundSharing {
    /// What is left is the county's reward.
    pub reward: bool,
    /// Who bears what is missing, in percent.
    pub bank_percent: i64,
    pub county_percent: i64,
    /// For what a reward may be used.
    pub uses: Vec<String>,
}

/// Classes of repayment relief.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefClasses {
    /// Days of publicity before a relief is passed on.
    pub publicity_working_days: i64,
    pub classes: Vec<ReliefClass>,
}

/// One class of relief.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefClass {
    pub code: String,
    pub name: String,
    /// True when it must be granted.
    pub must: bool,
    /// True when the whole debt may be paid, else what is due in the current year.
    pub whole_debt: bool,
    /// True when it must be applied for in the year of the event.
    pub same_year: bool,
    /// Own cost above which it is one, in yuan: a county's figure.
    #[serde(default, deserialize_with = "maybe_fen")]
    pub threshold: Option<Fen>,
    pub papers: Vec<ReliefPaper>,
}

/// A paper that proves a class.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefPaper {
    pub key: String,
    pub name: String,
}
