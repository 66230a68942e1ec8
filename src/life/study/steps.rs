//! What people do with an enrolment change, and what is recorded once somebody else has approved
//! it.

use chrono::{Datelike, NaiveDate};

use super::effect::{self, Effect, Of, command_key};
use super::rules::{self, Change, Kind, Signer, State};
use super::store::{self, StudyChange};
use crate::base::choice::Choice;
use crate::base::dates::{day_in, in_words};
use crate::base::ids::{FileId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::events::{self, EventRow, Origin};
use crate::book::loan::{self, LoanFile};
use crate::book::policy::Policy;
use crate::book::review::{self, Fact, Proposal, Review};
use crate::book::statement::Event;
use crate::book::{pending, person, position};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::Seen;

/// What a clerk has typed.
#[derive(Clone, Debug)]
pub struct Typed {
    pub change: Change,
    pub major: String,
    pub proof: String,
    pub note: String,
}

/// What the change does, if it can be.
///
/// # Errors
/// `Invalid` field by field; `Refused` while an early repayment is requested, when nothing is left
/// to pay, or the plan cannot be computed.
fn checked(act: &mut Act<'_>, file: FileId, change: &Change) -> AppResult<Effect> {
    if let Some(early) = pending::early_repayment_of(act.db, act.scope, file, act.today)? {
        return Err(AppError::refused(early.sentence));
    }
    let basis = act.parts.basis();
    let now = effect::of(act.db, act.scope, &basis, (file, Of::Nothing), act.today)?;
    if now.contracts.is_empty() {
        return Err(AppError::refused("这户的贷款已经全部还清，不用办就学信息变更"));
    }
    let errors = rules::check(change, &now.contracts, act.today);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    effect::of(act.db, act.scope, &basis, (file, Of::Planned(change)), act.today)
}

fn write(act: &Act<'_>, row: &mut StudyChange, typed: &Typed, effect: &Effect) {
    row.kind = typed.change.kind;
    row.happened_on = typed.change.happened_on;
    row.ends_on = typed.change.ends_on;
    row.ended_on = effect.before.ends_on.unwrap_or(typed.change.happened_on);
    row.university.clone_from(&typed.change.university);
    row.major.clone_from(&typed.major);
    row.proof.clone_from(&typed.proof);
    row.note.clone_from(&typed.note);
    // What was signed said something else.
    row.signed_by = String::new();
    row.signed_on = None;
    row.updated_at = act.now;
}

/// Begins one; its identity.
pub fn begin(act: &mut Act<'_>, key: &FormKey, file_no: &str, typed: &Typed) -> AppResult<RowId> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    let is_again = act.once(key)? == Once::Again;
    match store::open_of(act.db, act.scope, file.id)? {
        Some(open) if is_again => return Ok(open.id),
        Some(_) => {
            return Err(AppError::refused(
                "这户还有一份变更没有办完，先办完或者撤销那一份，再办新的",
            ));
        }
        None if is_again => return Err(AppError::Changed),
        None => {}
    }
    let effect = checked(act, file.id, &typed.change)?;
    let mut row = StudyChange {
        id: act.id(),
        office_code: file.office_code.clone(),
        file_id: file.id,
        kind: typed.change.kind,
        state: State::Draft,
        happened_on: typed.change.happened_on,
        ends_on: None,
        ended_on: typed.change.happened_on,
        university: String::new(),
        major: String::new(),
        proof: String::new(),
        note: String::new(),
        signed_by: String::new(),
        signed_on: None,
        reason: String::new(),
        staff_name: act.by.name.clone(),
        updated_at: act.now,
        decided_by: String::new(),
        decided_at: None,
        version: 1,
    };
    write(act, &mut row, typed, &effect);
    store::add(act.db, &row)?;
    audit(act, &row, "study_change_saved", "登记")?;
    Ok(row.id)
}

/// The file of a change, and its student's name.
pub fn whose(db: &mut Db, scope: &Scope, row: &StudyChange) -> AppResult<(LoanFile, String)> {
    let file = loan::file(db, scope, row.file_id)?;
    let name = person::find(db, scope, file.person_id)?.name;
    Ok((file, name))
}

fn audit(act: &mut Act<'_>, row: &StudyChange, action: &'static str, what: &str) -> AppResult<()> {
    let (_, name) = whose(act.db, act.scope, row)?;
    let summary = format!("{what}：{}", summary(row, act.today));
    let entry = AuditEntry::of(action, &name, summary).on_file(row.file_id);
    act.audit(AuditEntry { reason: row.reason.clone(), ..entry })
}

/// `升学，2026年9月1日，贴息到 2029年8月31日`
pub fn summary(row: &StudyChange, today: NaiveDate) -> String {
    let on = in_words(row.happened_on, today);
    let until = row.ends_on.map(|day| format!("，贴息到{}", in_words(day, today)));
    format!("{}，{on}{}", row.kind.in_words(), until.unwrap_or_default())
}

/// The one that its clerk may still change, as the page showed it.
fn open(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<StudyChange> {
    let row = store::find(act.db, act.scope, seen.id)?;
    if row.version != seen.version || !row.state.is_open() {
        return Err(AppError::Changed);
    }
    Ok(StudyChange { version: row.version + 1, updated_at: act.now, ..row })
}

/// What was signed before no longer holds.
pub fn save(act: &mut Act<'_>, seen: Seen<RowId>, typed: &Typed) -> AppResult<()> {
    let mut row = open(act, seen)?;
    let effect = checked(act, row.file_id, &typed.change)?;
    write(act, &mut row, typed, &effect);
    store::replace(act.db, &row)?;
    audit(act, &row, "study_change_saved", "修改")
}

/// The family has changed its mind, or it was a mistake.
pub fn withdraw(act: &mut Act<'_>, seen: Seen<RowId>, reason: &str) -> AppResult<()> {
    let mut row = open(act, seen)?;
    row.state = State::Withdrawn;
    reason.clone_into(&mut row.reason);
    store::replace(act.db, &row)?;
    audit(act, &row, "study_change_withdrawn", "撤销")
}

/// Asks somebody else, once the change sheet is signed.
pub fn submit(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    (signer, signed_on): (Signer, NaiveDate),
) -> AppResult<()> {
    let mut row = open(act, seen)?;
    let change = row.change();
    let effect = checked(act, row.file_id, &change)?;
    row.state = State::Submitted;
    signer.as_text().clone_into(&mut row.signed_by);
    row.signed_on = Some(signed_on);
    row.reason = String::new();
    store::replace(act.db, &row)?;
    let (file, name) = whose(act.db, act.scope, &row)?;
    let policy = act.policy();
    let days = policy.study_change_days.on(act.today);
    let exceptions = rules::exceptions(&change, &effect.contracts, days, act.today);
    let proposal = Proposal {
        kind: review::Kind::StudyChange,
        subject_id: row.id,
        link: format!("/study-changes/{}", row.id),
        name,
        summary: summary(&row, act.today),
        amount: None,
        facts: facts(&row, &file, (&effect, &policy), act.today),
        steps: vec![Choice::new("form", "变更内容"), Choice::new("sheet", "变更表和签字")],
        exceptions,
        file_id: Some(row.file_id),
    };
    review::propose(act, proposal)?;
    Ok(())
}

fn facts(
    row: &StudyChange,
    file: &LoanFile,
    (effect, policy): (&Effect, &Policy),
    today: NaiveDate,
) -> Vec<Fact> {
    let day = |on: Option<NaiveDate>| on.map(|on| in_words(on, today)).unwrap_or_default();
    let yuan = |fen: Fen| format!("¥{}", fen.to_page_text());
    let signer = Signer::from_text(&row.signed_by).map_or("", Signer::in_words);
    let (before, after) = (&effect.before, &effect.after);
    let mut facts = vec![
        Fact::new("变更", row.kind.in_words()),
        Fact::new("变更日期", day(Some(row.happened_on))),
        Fact::change("贴息截止日", day(before.ends_on), day(after.ends_on)),
        Fact::change("开始还本金", day(before.principal_from), day(after.principal_from)),
        Fact::change("本人付的利息合计", yuan(before.interest), yuan(after.interest)),
    ];
    facts.extend(effect.assumed(policy).map(|words| Fact::new("利息", words)));
    if before.unapplied != after.unapplied {
        let (old, new) = (yuan(before.unapplied), yuan(after.unapplied));
        facts.push(Fact::change("多付的钱，抵下一次", old, new));
    }
    if before.overdue != after.overdue {
        facts.push(Fact::change("逾期", yuan(before.overdue), yuan(after.overdue)));
    }
    if !row.university.is_empty() {
        facts.push(Fact::change("学校", &file.university, &row.university));
    }
    facts.push(Fact::new("材料", &row.proof));
    facts.push(Fact::new("变更表", format!("{signer}{}签字", day(row.signed_on))));
    facts
}

/// A second person has decided, or its author has taken it back.
pub fn react(act: &mut Act<'_>, what: &Happened<'_>) -> AppResult<()> {
    let Happened::Reviewed(review) = *what else { return Ok(()) };
    if review.kind != review::Kind::StudyChange {
        return Ok(());
    }
    let mut row = store::find(act.db, act.scope, review.subject_id)?;
    row.state = match review.state {
        review::State::Approved => State::Approved,
        review::State::Returned => State::Returned,
        review::State::Refused => State::Refused,
        review::State::Withdrawn => State::Draft,
        review::State::Open => return Ok(()),
    };
    row.version += 1;
    row.updated_at = act.now;
    row.reason = reason(review)?;
    if matches!(row.state, State::Approved | State::Refused) {
        row.decided_by.clone_from(&review.decided_by);
        row.decided_at = Some(act.now);
    }
    if row.state == State::Approved {
        record(act, &row)?;
    }
    store::replace(act.db, &row)
}

/// Why, with the step that it goes back to.
fn reason(review: &Review) -> AppResult<String> {
    let steps = review.content()?.steps;
    let step = steps.into_iter().find(|(key, _)| *key == review.step).map(|(_, words)| words);
    Ok(match step {
        Some(words) => format!("{words}：{}", review.reason),
        None => review.reason.clone(),
    })
}

/// Records it on every contract that is not paid off, and what the file says of the student.
fn record(act: &mut Act<'_>, row: &StudyChange) -> AppResult<()> {
    let effect = checked(act, row.file_id, &row.change()).map_err(|error| match error {
        // The page of a review has no such field.
        AppError::Invalid(errors) => {
            let first = errors.into_iter().next().map(|one| one.message).unwrap_or_default();
            AppError::refused(format!("情况变了，不能照这份变更办，请退回：{first}"))
        }
        other => other,
    })?;
    let mut loans: Vec<LoanId> = Vec::with_capacity(effect.events.len());
    for (loan, event) in effect.events {
        let origin = Origin {
            source: "desk".to_owned(),
            command_key: command_key(row.id, loan),
            recorded_by: act.by.staff_id,
            ..Origin::default()
        };
        let event = Event { id: act.id(), ..event };
        let new = EventRow::new(&row.office_code, loan, &event, act.now, origin);
        events::append(act.db, act.scope, new)?;
        loans.push(loan);
    }
    put_file(act, row)?;
    let basis = act.parts.basis();
    position::refresh(act.db, act.scope, &basis, &loans, act.today)?;
    act.happened(&Happened::Refigured(&loans))?;
    audit(act, row, "study_changed", "生效")
}

fn put_file(act: &mut Act<'_>, row: &StudyChange) -> AppResult<()> {
    let mut file = loan::file(act.db, act.scope, row.file_id)?;
    for (place, new) in [(&mut file.university, &row.university), (&mut file.major, &row.major)] {
        if !new.is_empty() {
            place.clone_from(new);
        }
    }
    if !row.university.is_empty() {
        // It was the code of the school before.
        file.university_code = String::new();
    }
    if row.kind == Kind::Upgrade {
        "本科".clone_into(&mut file.degree);
    }
    if let Some(ends_on) = row.ends_on {
        file.graduates_on = Some(day_in(ends_on.year(), 7, 1));
    }
    file.updated_at = act.now;
    file.version += 1;
    loan::replace_files(act.db, &[file])
}
