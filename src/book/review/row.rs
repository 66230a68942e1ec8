//! A proposal as kept: what the reviewer reads of it, where it stands. Decides nothing.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::base::ids::{RowId, StaffId, text_enum};
use crate::base::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::schema::review;

text_enum! {
    /// What is proposed; a further one when another stage needs a second person.
    Kind {
        Application = "application", "贷款申请";
        Raise = "raise", "提额";
        Void = "void", "合同作废";
        StudyChange = "study_change", "就学信息变更";
        Posting = "posting", "记账";
        EarlyResult = "early_result", "提前还款结果";
        Relief = "relief", "还款救助";
        FundEntry = "fund_entry", "资金登记";
    }
}

text_enum! {
    State {
        Open = "open", "待复核";
        Returned = "returned", "退回补正";
        Refused = "refused", "不同意";
        Approved = "approved", "已同意";
        Withdrawn = "withdrawn", "已撤回";
    }
}

text_enum! {
    Decision {
        Approve = "approve", "同意";
        Return = "return", "退回补正";
        Refuse = "refuse", "不同意";
    }
}

/// One fact of the matter: what it is, was, and shall be; numbers of people masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub label: String,
    /// What holds today, where the proposal changes it.
    pub before: String,
    pub after: String,
}

impl Fact {
    pub fn new(label: &str, after: impl Into<String>) -> Fact {
        Fact { label: label.to_owned(), before: String::new(), after: after.into() }
    }

    pub fn change(label: &str, before: impl Into<String>, after: impl Into<String>) -> Fact {
        Fact { before: before.into(), ..Fact::new(label, after) }
    }
}

/// What the reviewer reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub facts: Vec<Fact>,
    /// Steps that it can go back to: key and name.
    pub steps: Vec<(String, String)>,
}

impl Content {
    pub(super) fn read(text: &str) -> AppResult<Content> {
        serde_json::from_str(text).map_err(AppError::broken)
    }

    /// What this one says otherwise than an earlier one.
    pub fn changed_since(&self, earlier: &Content) -> Vec<Fact> {
        let of = |all: &Content, label: &str| {
            all.facts.iter().find(|fact| fact.label == label).map(|fact| fact.after.clone())
        };
        let gone = earlier.facts.iter().filter(|old| of(self, &old.label).is_none());
        let gone = gone.map(|old| Fact::change(&old.label, &old.after, ""));
        let others = self.facts.iter().filter_map(|new| {
            let before = of(earlier, &new.label).unwrap_or_default();
            (before != new.after).then(|| Fact::change(&new.label, before, &new.after))
        });
        others.chain(gone).collect()
    }
}

/// A proposal as kept.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = review, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Review {
    pub id: RowId,
    pub office_code: String,
    pub kind: Kind,
    /// The row of the stage.
    pub subject_id: RowId,
    pub link: String,
    /// Whom it is about.
    pub name: String,
    pub summary: String,
    pub amount_fen: Option<Fen>,
    pub(super) content: String,
    /// Why it is not approved together with others; empty when it may be.
    pub exceptions: String,
    pub state: State,
    /// Counts up each time that it is proposed.
    pub round: i32,
    pub author_id: StaffId,
    pub author_name: String,
    pub proposed_at: NaiveDateTime,
    /// Who opened this round first; then its author cannot withdraw it any more.
    pub opened_by: String,
    pub opened_at: Option<NaiveDateTime>,
    /// How often the author has asked for it.
    pub urged: i32,
    /// Where it goes back to.
    pub step: String,
    pub reason: String,
    pub decided_by: String,
    pub decided_at: Option<NaiveDateTime>,
    pub version: i32,
}

impl Review {
    pub fn content(&self) -> AppResult<Content> {
        Content::read(&self.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewer_sees_what_has_changed_appeared_and_gone() {
        let content = |facts: &[(&str, &str)]| Content {
            facts: facts.iter().map(|(label, after)| Fact::new(label, *after)).collect(),
            steps: Vec::new(),
        };
        let before = content(&[("金额", "8000"), ("专业", "法学"), ("备注", "急")]);
        let after = content(&[("金额", "9000"), ("专业", "法学"), ("学号", "1")]);
        let changed = after.changed_since(&before);
        let expected = [
            Fact::change("金额", "8000", "9000"),
            Fact::change("学号", "", "1"),
            Fact::change("备注", "急", ""),
        ];
        assert_eq!(changed, expected);
        assert!(after.changed_since(&after).is_empty());
    }
}
