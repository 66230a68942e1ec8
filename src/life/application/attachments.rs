//! Scans of the papers of a contract: which are expected, which are there, who added them.

use chrono::NaiveDate;
use serde::Serialize;

use super::facts::Whole;
use super::kinds::State;
use crate::base::choice::Choice;
use crate::base::dates::{local, minute};
use crate::base::ids::RowId;
use crate::book::attachment::{Attachment, Subject, SubjectKind};
use crate::book::policy::Policy;
use crate::plumbing::picture::PHOTO_MB;

/// The pages that both parties and the centre have signed.
const CONTRACT: Paper = ("contract", "借款合同（签字盖章页）");
pub const OTHER: Paper = ("other", "其他材料");

type Paper = (&'static str, &'static str);

/// A paper that the file of a contract needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    pub key: String,
    pub name: String,
    /// How many scans of it there are.
    pub scans: usize,
}

/// The contract's own pages, and what was counted at the counter, in the county's order of then.
pub fn expected(whole: &Whole, policy: &Policy, all: &[Attachment]) -> Vec<Expected> {
    let app = &whole.app;
    let on: NaiveDate = local(app.submitted_at.unwrap_or(app.created_at)).date();
    let list = &policy.counter_papers.on(on).papers;
    let counted = list.iter().filter(|paper| whole.draft.papers.contains(&paper.key));
    let counted = counted.map(|paper| (paper.key.as_str(), paper.name.as_str()));
    std::iter::once(CONTRACT)
        .chain(counted)
        .map(|(key, name)| Expected {
            key: key.to_owned(),
            name: name.to_owned(),
            scans: all.iter().filter(|one| one.removed_at.is_none() && one.paper == key).count(),
        })
        .collect()
}

pub const fn subject(id: RowId) -> Subject {
    (SubjectKind::Application, id)
}

/// Papers are scanned once they are handed in.
pub const fn takes_scans(state: State) -> bool {
    matches!(state, State::Submitted | State::Approved | State::Signed)
}

#[derive(Serialize)]
struct Line {
    id: RowId,
    version: i32,
    name: String,
    media: &'static str,
    kb: i32,
    added: String,
    /// Who removed it and when; empty while it is there.
    removed: String,
    reason: String,
}

fn line(row: &Attachment) -> Line {
    let removed = row.removed_at.map(|at| format!("{} {}", row.removed_by, minute(at)));
    Line {
        id: row.id,
        version: row.version,
        name: row.name.clone(),
        media: row.media.in_words(),
        kb: row.bytes.saturating_add(999) / 1_000,
        added: format!("{} {}", row.added_by, minute(row.added_at)),
        removed: removed.unwrap_or_default(),
        reason: row.reason.clone(),
    }
}

/// The section 扫描件.
#[derive(Serialize)]
pub struct Section {
    may_add: bool,
    expected: Vec<Expected>,
    papers: Vec<Choice>,
    there: Vec<Line>,
    removed: Vec<Line>,
    most_mb: usize,
}

/// None while nothing is handed in, and nothing was scanned.
pub fn section(whole: &Whole, policy: &Policy, all: &[Attachment]) -> Option<Section> {
    let may_add = takes_scans(whole.app.state);
    if !may_add && all.is_empty() {
        return None;
    }
    let expected = expected(whole, policy, all);
    let mut papers = vec![Choice::new("", "请选择")];
    papers.extend(expected.iter().map(|one| Choice::new(&one.key, &one.name)));
    papers.push(Choice::new(OTHER.0, OTHER.1));
    let (removed, there): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.removed_at.is_some());
    Some(Section {
        may_add,
        expected,
        papers,
        there: there.into_iter().map(line).collect(),
        removed: removed.into_iter().map(line).collect(),
        most_mb: PHOTO_MB,
    })
}
