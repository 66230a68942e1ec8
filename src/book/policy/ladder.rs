//! The rules of the overdue ladder as data: days, tries, what makes a step allowed, who first.
//! They suggest and forbid; they never move a case by themselves.

use serde::Deserialize;

use crate::book::contact::record::Party;

/// The stages by their keys, lowest first.
const KEYS: [&str; 5] = ["student", "co_borrower", "school", "village", "police"];

/// What `tried_with` calls a visit at the home.
pub const VISIT: &str = "visit";

fn is_with(text: &str) -> bool {
    text == VISIT || Party::from_text(text).is_some()
}

/// The ladder of a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderRule {
    /// A promise lies at most so many days ahead.
    pub promise_days_most: u64,
    /// A pause ends at the latest after so many days.
    pub pause_days_most: u64,
    /// The next step of a case on the ladder lies at most so many days ahead.
    pub next_days_most: u64,
    /// A case off the ladder is looked at again after so many days at the latest.
    pub parked_days_most: u64,
    /// How long a case is off the ladder when nobody names a day.
    pub park_days: ParkDays,
    pub weights: LadderWeights,
    /// The five stages, lowest first.
    pub stages: Vec<LadderStage>,
}

/// Days off the ladder by reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParkDays {
    /// Hardship: relief is looked into.
    pub hardship: u64,
    /// In service: compensation is looked into.
    pub in_service: u64,
    /// Studying: the enrolment change.
    pub studying: u64,
    /// The figure is disputed: reconciliation.
    pub dispute: u64,
    /// They say that it is paid: reconciliation.
    pub says_paid: u64,
    /// The borrower has died: relief is looked into.
    pub died: u64,
}

/// Points by which the list "who first" is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderWeights {
    /// For each whole 1,000 yuan of arrears ...
    pub per_thousand_yuan: i64,
    /// ... but at most this.
    pub amount_most: i64,
    /// For each whole ten days in the stage ...
    pub per_ten_days_in_stage: i64,
    /// ... but at most this.
    pub days_most: i64,
    /// For each promise that was not kept ...
    pub per_broken_promise: i64,
    /// ... but at most this.
    pub broken_most: i64,
    /// In the first year of repayment.
    pub first_repayment_year: i64,
    /// Somebody of the family was spoken with.
    pub reached_before: i64,
    /// The family confirmed its contacts within a year.
    pub contact_confirmed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderStage {
    pub key: String,
    /// With whom it is tried: texts of a contact's party, and `visit` for a visit at the home. Only
    /// such contacts count as tries of this stage.
    pub tried_with: Vec<String>,
    /// The first step: so many days after entering.
    pub first_after_days: u64,
    /// The next try: so many days after one without an answer.
    pub again_after_days: u64,
    /// The next stage is suggested after so many tries ...
    pub up_after_tries: i32,
    /// ... or so many days.
    pub up_after_days: i64,
    /// Before so many tries nobody can move on.
    pub least_tries: i32,
    /// The stage can be passed over.
    pub may_skip: bool,
    /// The director allows it.
    pub director: bool,
}

impl LadderRule {
    /// The rule of a stage, by its key.
    pub fn stage(&self, key: &str) -> Option<&LadderStage> {
        self.stages.iter().find(|stage| stage.key == key)
    }

    /// What is wrong, when something is.
    pub(super) fn fault(&self) -> Option<String> {
        let keys: Vec<&str> = self.stages.iter().map(|stage| stage.key.as_str()).collect();
        if keys != KEYS {
            return Some(format!("stages: expected {}", KEYS.join(", ")));
        }
        let with = |stage: &LadderStage| stage.tried_with.iter().find(|one| !is_with(one)).cloned();
        let unknown = self.stages.iter().find_map(with)?;
        Some(format!("tried_with: {unknown} is neither a party of a contact nor `{VISIT}`"))
    }
}
