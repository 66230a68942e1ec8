//! Another owner for many cases in one write: set-wise, and of those that somebody else changed
//! meanwhile the caller learns which and why, while the rest is done.

use std::collections::HashMap;

use super::kinds::{State, StepKind};
use super::store::{self, Case, Step};
use crate::base::ids::{CaseId, FileId, StaffId};
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::loan;
use crate::book::staff::{Right, Staff};
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// Why a case is left that somebody else has changed.
pub(super) const CHANGED: &str = "别人刚刚改过，请看过现在的情况再改";

/// What became of the cases.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// They are as they should be now.
    pub(super) done: usize,
    /// Left as they are, and why.
    pub(super) left: Vec<(CaseId, String)>,
}

/// Gives the cases to a colleague who may follow, as far as they still are as they were seen.
pub(super) fn set(act: &mut Act<'_>, seen: &[Seen<CaseId>], to: &Staff) -> AppResult<Outcome> {
    act.needs_no_audit("each case has a line of its own; none when nobody changes");
    if !to.active || !to.role.may(Right::FollowOverdue) {
        return Err(AppError::field("owner", "这位同事现在不能跟进，请另选一位"));
    }
    let ids: Vec<CaseId> = seen.iter().map(|one| one.id).collect();
    let cases = store::by_ids(act.db, act.scope, &ids)?;
    let cases: HashMap<CaseId, Case> = cases.into_iter().map(|case| (case.id, case)).collect();
    let (mut changed, mut outcome) = (Vec::new(), Outcome::default());
    for one in seen {
        let case = cases.get(&one.id).ok_or(AppError::NotFound)?;
        if case.state == State::Closed {
            outcome.left.push((one.id, "已经结束跟进，不用改".to_owned()));
        } else if case.owner_id == Some(to.id) {
            outcome.done += 1;
        } else if case.version != one.version {
            outcome.left.push((one.id, CHANGED.to_owned()));
        } else {
            changed.push(case);
        }
    }
    outcome.done += changed.len();
    write(act, &changed, (to.id, &to.name))?;
    Ok(outcome)
}

fn write(act: &mut Act<'_>, cases: &[&Case], (owner, name): (StaffId, &str)) -> AppResult<()> {
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let files: Vec<FileId> = cases.iter().map(|case| case.file_id).collect();
    store::set_owner(act.db, &ids, owner)?;
    let steps: Vec<Step> = cases.iter().map(|case| step(act, case, name)).collect();
    store::add_steps(act.db, &steps)?;
    let files = loan::files_by_ids(act.db, act.scope, &files)?;
    let entry = |case: &&Case| {
        let file_no = files.get(&case.file_id).map(|file| file.file_no.as_str());
        let entry =
            AuditEntry::of("case_owner", file_no.unwrap_or_default(), StepKind::Owner.in_words());
        AuditEntry { reason: name.to_owned(), ..entry.on_file(case.file_id) }
    };
    act.audit_all(cases.iter().map(entry).collect())
}

fn step(act: &mut Act<'_>, case: &Case, name: &str) -> Step {
    Step {
        id: act.id(),
        office_code: case.office_code.clone(),
        case_id: case.id,
        on_day: act.today,
        at: act.now,
        kind: StepKind::Owner,
        from_stage: String::new(),
        to_stage: String::new(),
        reason: name.to_owned(),
        record_id: None,
        staff_id: act.by.staff_id,
        by_name: act.by.name.clone(),
        before: String::new(),
    }
}
