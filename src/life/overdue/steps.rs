//! What people do with a case, each in an open write: a contact, taking it back, up, down, asking
//! the director, the answer, a pause, off the ladder and back, another owner.
//!
//! Every step names the version that its page showed; of two clerks the second is told
//! ([`AppError::Changed`]) and nothing of theirs is kept.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::follow;
use super::kinds::{AskedFor, HoldReason, NextStep, Stage, State, StepKind};
use super::owner::{CHANGED, Outcome};
use super::rules::{self, ContactResult};
use super::store::{self, Case, Step};
use crate::base::ids::{CaseId, RecordId, RowId, StaffId};
use crate::base::money::Fen;
use crate::book::act::{Act, Happened};
use crate::book::audit_log::AuditEntry;
use crate::book::contact::keep;
use crate::book::contact::record::Record;
use crate::book::loan;
use crate::book::policy::LadderRule;
use crate::book::visit_sheet;
use crate::error::{AppError, AppResult};
use crate::web::fields::Seen;

/// What a step is, for log and history.
struct What<'a> {
    kind: StepKind,
    action: &'static str,
    reason: &'a str,
    record_id: Option<RecordId>,
    before: String,
}

impl<'a> What<'a> {
    fn new(kind: StepKind, action: &'static str, reason: &'a str) -> Self {
        What { kind, action, reason, record_id: None, before: String::new() }
    }
}

/// The rule of today.
pub(super) fn rule(act: &Act<'_>) -> LadderRule {
    act.policy().ladder.on(act.today).clone()
}

/// The case, when it is still as it was seen and not over.
fn unchanged(act: &mut Act<'_>, seen: Seen<CaseId>) -> AppResult<Case> {
    let case = store::find(act.db, act.scope, seen.id)?;
    if case.version != seen.version || case.state == State::Closed {
        return Err(AppError::Changed);
    }
    Ok(case)
}

/// Stores how a case stands after a step, the step, and its line of history.
fn save_transition(act: &mut Act<'_>, old: &Case, new: &Case, what: What<'_>) -> AppResult<()> {
    let weight = follow::priority_of(act.db, act.scope, new, (&rule(act), act.today))?;
    // Whoever goes on with the case knows the answer.
    let answer_for = new.answer_for.filter(|id| Some(*id) != act.by.staff_id);
    let new = &Case { weight, answer_for, ..new.clone() };
    store::change(act.db, new)?;
    let moved = old.stage != new.stage;
    let stage = |stage: Stage| if moved { stage.as_text() } else { "" };
    let step = Step {
        id: act.id(),
        office_code: new.office_code.clone(),
        case_id: new.id,
        on_day: act.today,
        at: act.now,
        kind: what.kind,
        from_stage: stage(old.stage).to_owned(),
        to_stage: stage(new.stage).to_owned(),
        reason: what.reason.to_owned(),
        record_id: what.record_id,
        staff_id: act.by.staff_id,
        by_name: act.by.name.clone(),
        before: what.before,
    };
    store::add_steps(act.db, &[step])?;
    let file = loan::file(act.db, act.scope, new.file_id)?;
    let summary = match moved {
        true => format!("从“{}”到“{}”", old.stage.in_words(), new.stage.in_words()),
        false => what.kind.in_words().to_owned(),
    };
    act.audit(AuditEntry {
        action: what.action,
        file_id: Some(new.file_id),
        subject: file.file_no,
        summary,
        reason: what.reason.to_owned(),
    })
}

/// How a case stood before a contact, as its step keeps it.
#[derive(Serialize, Deserialize)]
struct Before {
    state: State,
    next_step: NextStep,
    next_on: NaiveDate,
    owner: Option<StaffId>,
    tries: i32,
    reached: bool,
    promised_on: Option<NaiveDate>,
    promised_fen: Option<i64>,
    last_record: Option<RecordId>,
    parked_for: HoldReason,
    parked_reason: String,
    until_on: Option<NaiveDate>,
    /// Stage and since when, of a move; a contact changes neither.
    #[serde(default)]
    stage: Option<(Stage, NaiveDate)>,
}

impl Before {
    fn move_of(case: &Case) -> Before {
        Before { stage: Some((case.stage, case.stage_since)), ..Before::of(case) }
    }

    fn to_text(&self) -> AppResult<String> {
        serde_json::to_string(self).map_err(AppError::broken)
    }

    fn of(case: &Case) -> Before {
        Before {
            state: case.state,
            next_step: case.next_step,
            next_on: case.next_on,
            owner: case.owner_id,
            tries: case.tries,
            reached: case.reached,
            promised_on: case.promised_on,
            promised_fen: case.promised_fen.map(Fen::get),
            last_record: case.last_record_id,
            parked_for: case.parked_for,
            parked_reason: case.parked_reason.clone(),
            until_on: case.until_on,
            stage: None,
        }
    }

    fn restore(self, case: &Case) -> Case {
        let (stage, stage_since) = self.stage.unwrap_or((case.stage, case.stage_since));
        Case {
            stage,
            stage_since,
            state: self.state,
            next_step: self.next_step,
            next_on: self.next_on,
            owner_id: self.owner,
            tries: self.tries,
            reached: self.reached,
            promised_on: self.promised_on,
            promised_fen: self.promised_fen.map(Fen::new),
            last_record_id: self.last_record,
            parked_for: self.parked_for,
            parked_reason: self.parked_reason,
            until_on: self.until_on,
            ..case.clone()
        }
    }
}

/// Keeps a contact and what it leads to. False: this form was kept before, and nothing changed.
pub fn contact(act: &mut Act<'_>, seen: Seen<CaseId>, record: &Record) -> AppResult<bool> {
    if !keep::add(act.db, record)? {
        return Ok(false);
    }
    unchanged(act, seen)?;
    act.happened(&Happened::Contact(record))?;
    Ok(true)
}

/// What a contact that was kept does to the case.
pub(super) fn after_contact(act: &mut Act<'_>, case: &Case, record: &Record) -> AppResult<()> {
    let carrier = match record.sheet_id {
        Some(id) => visit_sheet::carrier(act.db, act.scope, id)?,
        None => None,
    };
    let result = ContactResult {
        on_day: record.on_day,
        outcome: record.outcome,
        channel: record.channel,
        party: record.party,
        carrier,
        promised_on: record.promised_on,
        promised_fen: record.promised_fen,
        next_on: record.next_on,
        note: record.note.clone(),
    };
    let (mut next, kind) = rules::after_contact(case, &result, &rule(act), act.today);
    next.last_record_id = Some(record.id);
    if next.state == State::Parked && next.owner_id.is_none() {
        next.owner_id = act.by.staff_id;
    }
    let what = What {
        record_id: Some(record.id),
        before: Before::of(case).to_text()?,
        ..What::new(kind, "case_contact", record.outcome.in_words())
    };
    save_transition(act, case, &next, what)
}

/// The newest contact of a case was taken back: the case stands as before. `Changed` when something
/// else has happened to it since.
pub(super) fn contact_undone(act: &mut Act<'_>, record: &Record) -> AppResult<()> {
    let Some(case_id) = record.case_id else { return Ok(()) };
    let case = store::find(act.db, act.scope, case_id)?;
    let newest = store::steps(act.db, act.scope, case_id)?.into_iter().next();
    let step = newest.filter(|step| step.record_id == Some(record.id)).ok_or(AppError::Changed)?;
    let before: Before = serde_json::from_str(&step.before).map_err(AppError::broken)?;
    let old = before.restore(&case);
    let what = What::new(StepKind::Undone, "case_contact_undone", record.outcome.in_words());
    save_transition(act, &case, &old, what)
}

fn needs_reason(reason: &str) -> AppResult<()> {
    if reason.trim().is_empty() {
        return Err(AppError::field("reason", "请写一句理由"));
    }
    Ok(())
}

/// The newest move of a case was taken back: the case stands as before, and what was tried in that
/// stage counts as it did. `Changed` when something else has happened to it since.
pub fn undo_move(act: &mut Act<'_>, id: RowId, file_no: &str) -> AppResult<()> {
    let moved = store::find_step(act.db, act.scope, id)?;
    store::ensure_of_file(act.db, act.scope, moved.case_id, file_no)?;
    let case = store::find(act.db, act.scope, moved.case_id)?;
    let newest = store::steps(act.db, act.scope, case.id)?.into_iter().next();
    if newest.is_none_or(|step| step.id != id) || case.state == State::Closed {
        return Err(AppError::Changed);
    }
    if moved.record_id.is_some() || moved.before.is_empty() {
        return Err(AppError::NotFound);
    }
    let before: Before = serde_json::from_str(&moved.before).map_err(AppError::broken)?;
    let old = before.restore(&case);
    save_transition(act, &case, &old, What::new(StepKind::Undone, "case_moved", ""))
}

/// Up a stage, with a reason.
pub fn move_up(act: &mut Act<'_>, seen: Seen<CaseId>, to: Stage, reason: &str) -> AppResult<()> {
    needs_reason(reason)?;
    let case = unchanged(act, seen)?;
    let fault = match to.place() < case.stage.place() {
        true => Some("这里只能往上转；往回转请用“退回前面的阶段”".to_owned()),
        false => rules::move_fault(&case, to, &rule(act)),
    };
    if let Some(fault) = fault {
        return Err(AppError::field("to", fault));
    }
    let reason = rules::reason_to_go_up(&case, &rule(act), act.today, reason);
    save_move(act, &case, to, (StepKind::MovedUp, &reason))
}

/// Each up to its next stage, as far as it may; of those that are left the caller learns why.
pub(super) fn move_up_all(
    act: &mut Act<'_>,
    seen: &[Seen<CaseId>],
    reason: &str,
) -> AppResult<Outcome> {
    act.needs_no_audit("each case has a line of its own; none when nobody may go");
    let mut outcome = Outcome::default();
    for one in seen {
        let case = store::find(act.db, act.scope, one.id)?;
        // Without a next stage the rule says why.
        let to = rules::above(&case, &rule(act)).first().copied();
        let to = to.or_else(|| case.stage.above()).unwrap_or(case.stage);
        match move_up(act, *one, to, reason) {
            Ok(()) => outcome.done += 1,
            Err(AppError::Changed) => outcome.left.push((one.id, CHANGED.to_owned())),
            Err(AppError::Invalid(errors)) => {
                let words: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                outcome.left.push((one.id, words.join("；")));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(outcome)
}

/// Back to a stage before, which begins anew there.
pub fn move_down(act: &mut Act<'_>, seen: Seen<CaseId>, to: Stage, reason: &str) -> AppResult<()> {
    needs_reason(reason)?;
    let case = unchanged(act, seen)?;
    let fault = match to.place() > case.stage.place() {
        true => Some("这里只能往回退；往上转请用“转到下一阶段”".to_owned()),
        false => rules::move_fault(&case, to, &rule(act)),
    };
    if let Some(fault) = fault {
        return Err(AppError::field("to", fault));
    }
    save_move(act, &case, to, (StepKind::MovedDown, reason))
}

fn save_move(
    act: &mut Act<'_>,
    case: &Case,
    to: Stage,
    (kind, reason): (StepKind, &str),
) -> AppResult<()> {
    let next = rules::moved(case, to, &rule(act), act.today);
    let before = Before::move_of(case).to_text()?;
    let what = What { before, ..What::new(kind, "case_moved", reason) };
    save_transition(act, case, &next, what)
}

/// Asks the director for the police station's assistance or the lender's notice.
pub fn ask(act: &mut Act<'_>, seen: Seen<CaseId>, what: AskedFor, reason: &str) -> AppResult<()> {
    needs_reason(reason)?;
    let case = unchanged(act, seen)?;
    let refusal = |words: &str| Some(words.to_owned());
    let fault = match what {
        AskedFor::Nothing => refusal("请选要请示什么"),
        _ if case.state != State::Open => refusal("这一户现在不在跟进中，先恢复跟进"),
        _ if case.asked_for != AskedFor::Nothing => refusal("已经请示过，等主任决定"),
        AskedFor::Police if !rules::is_next_directors(&case, &rule(act)) => {
            refusal("走完前面的阶段才能请派出所协助")
        }
        AskedFor::Notice if case.stage != Stage::Police => refusal("到派出所阶段才能请银行发通知"),
        AskedFor::Notice if case.notice_on.is_some() => refusal("已经请银行发过通知"),
        _ => rules::too_early(&case, &rule(act)),
    };
    if let Some(fault) = fault {
        return Err(AppError::field("ask", fault));
    }
    let next = Case {
        asked_for: what,
        asked_by: act.by.name.clone(),
        asked_reason: reason.to_owned(),
        asked_at: Some(act.now),
        ..case.clone()
    };
    let reason = match what {
        AskedFor::Police => rules::reason_to_go_up(&case, &rule(act), act.today, reason),
        AskedFor::Notice | AskedFor::Nothing => reason.to_owned(),
    };
    let summary = format!("{}：{reason}", what.in_words());
    save_transition(act, &case, &next, What::new(StepKind::Asked, "case_asked", &summary))
}

/// The director's answer. The caller has looked that it is the director.
pub fn decide(
    act: &mut Act<'_>,
    seen: Seen<CaseId>,
    (allowed, reason): (bool, &str),
) -> AppResult<()> {
    let case = unchanged(act, seen)?;
    if case.asked_for == AskedFor::Nothing {
        return Err(AppError::Changed);
    }
    if !allowed {
        needs_reason(reason)?;
    }
    let answer_for = store::asked_by(act.db, act.scope, case.id)?;
    let mut next = Case {
        answer_for,
        asked_for: AskedFor::Nothing,
        asked_by: String::new(),
        asked_reason: String::new(),
        asked_at: None,
        ..case.clone()
    };
    if allowed && case.asked_for == AskedFor::Police {
        next = rules::moved(&next, Stage::Police, &rule(act), act.today);
    } else if allowed {
        next.notice_on = Some(act.today);
    }
    let kind = match (allowed, case.asked_for) {
        (false, _) => StepKind::Declined,
        (true, AskedFor::Notice) => StepKind::Notice,
        (true, _) => StepKind::Allowed,
    };
    let summary = match reason.is_empty() {
        true => case.asked_for.in_words().to_owned(),
        false => format!("{}：{reason}", case.asked_for.in_words()),
    };
    save_transition(act, &case, &next, What::new(kind, "case_decided", &summary))
}

/// Nothing to do until a day.
pub fn pause(
    act: &mut Act<'_>,
    seen: Seen<CaseId>,
    (until, reason): (Option<NaiveDate>, &str),
) -> AppResult<()> {
    let case = unchanged(act, seen)?;
    let until = checked(until, reason, act)?;
    let next = Case {
        state: State::Paused,
        parked_reason: reason.to_owned(),
        until_on: Some(until),
        next_step: NextStep::LookAgain,
        next_on: until,
        ..case.clone()
    };
    save_transition(act, &case, &next, What::new(StepKind::Paused, "case_set_aside", reason))
}

/// Off the ladder until a day, for a reason that another part of a loan's life looks after.
pub fn hold(
    act: &mut Act<'_>,
    seen: Seen<CaseId>,
    why: HoldReason,
    (until, reason): (Option<NaiveDate>, &str),
) -> AppResult<()> {
    let case = unchanged(act, seen)?;
    if why == HoldReason::Nothing {
        return Err(AppError::field("why", "请选转其他业务的原因"));
    }
    let until = checked(until, reason, act)?;
    let mut next = rules::hold(&case, why, until, reason);
    next.owner_id = next.owner_id.or(act.by.staff_id);
    let summary = format!("{}：{reason}", why.in_words());
    save_transition(act, &case, &next, What::new(StepKind::Parked, "case_set_aside", &summary))
}

/// The last day of a pause that has a reason; both are looked at before anything is said.
fn checked(until: Option<NaiveDate>, reason: &str, act: &Act<'_>) -> AppResult<NaiveDate> {
    let mut errors = Vec::new();
    for fault in [needs_reason(reason).err(), until_fault(until, act).err()].into_iter().flatten() {
        match fault {
            AppError::Invalid(some) => errors.extend(some),
            other => return Err(other),
        }
    }
    match until {
        Some(day) if errors.is_empty() => Ok(day),
        _ => Err(AppError::Invalid(errors)),
    }
}

fn until_fault(until: Option<NaiveDate>, act: &Act<'_>) -> AppResult<()> {
    let fault = rules::until_fault(until, act.today, &rule(act));
    fault.map_or(Ok(()), |fault| Err(AppError::field("until", fault)))
}

/// Back on the ladder before the day.
pub fn go_back(act: &mut Act<'_>, seen: Seen<CaseId>, reason: &str) -> AppResult<()> {
    needs_reason(reason)?;
    let case = unchanged(act, seen)?;
    let kind = match case.state {
        State::Paused => StepKind::Resumed,
        State::Parked => StepKind::Returned,
        State::Open | State::Closed => {
            return Err(AppError::field("reason", "这一户本来就在跟进中"));
        }
    };
    let next = rules::back(&case, act.today);
    save_transition(act, &case, &next, What::new(kind, "case_set_aside", reason))
}
