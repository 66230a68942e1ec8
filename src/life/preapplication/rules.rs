//! What the county decides on a pre-application. Pure.

use crate::base::ids::text_enum;
use crate::book::hardship::PASSED;

/// What stands before the reason of a refusal.
pub const REFUSAL: &str = "不通过：";

text_enum! {
    State {
        Waiting = "waiting", "等审核";
        Passed = "passed", "通过";
        Refused = "refused", "未通过";
    }
}

text_enum! {
    Decision {
        Pass = "pass", "审核通过";
        Refuse = "refuse", "审核不通过";
        Reopen = "reopen", "撤回审核";
    }
}

impl State {
    /// How far it is by what the county wrote of it.
    pub fn of(county_opinion: &str) -> State {
        match county_opinion.trim() {
            "" => State::Waiting,
            words if words.starts_with(PASSED) => State::Passed,
            _ => State::Refused,
        }
    }
}

impl Decision {
    /// What the county writes; nothing when the state does not allow the decision.
    pub fn opinion(self, state: State, reason: &str) -> Option<String> {
        match (self, state) {
            (Decision::Pass, State::Waiting) => Some(PASSED.to_owned()),
            (Decision::Refuse, State::Waiting) => Some(format!("{REFUSAL}{reason}")),
            (Decision::Reopen, State::Passed | State::Refused) => Some(String::new()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, State};

    #[test]
    fn a_decision_is_read_back_as_its_state() {
        let passed = Decision::Pass.opinion(State::Waiting, "").unwrap();
        assert_eq!(State::of(&passed), State::Passed);
        let refused = Decision::Refuse.opinion(State::Waiting, "通过不了").unwrap();
        assert_eq!(State::of(&refused), State::Refused);
        assert_eq!(Decision::Pass.opinion(State::Refused, ""), None);
        assert_eq!(Decision::Reopen.opinion(State::Passed, "").as_deref(), Some(""));
    }
}
