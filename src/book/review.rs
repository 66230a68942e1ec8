//! 复核: what somebody has proposed is decided by somebody else. A stage proposes with the facts of
//! the matter; it hears of the decision by `Happened::Reviewed` and does what follows in the same
//! write. Writes `review` and `review_look`. Knows of no stage; never lets an author decide.

pub mod row;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::choice::Choice;
use crate::base::dates::minute;
use crate::base::ids::{FileId, RowId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{Act, Happened};
use crate::book::audit_log::AuditEntry;
use crate::book::staff::{self, Right};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{review, review_look};

pub use row::{Content, Decision, Fact, Kind, Review, State};

/// What a stage proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub kind: Kind,
    pub subject_id: RowId,
    pub link: String,
    pub name: String,
    pub summary: String,
    pub amount: Option<Fen>,
    pub facts: Vec<Fact>,
    pub steps: Vec<Choice>,
    pub exceptions: Vec<String>,
    pub file_id: Option<FileId>,
}

/// A decision with its reason; `step` is where it goes back to.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub decision: Decision,
    pub step: String,
    pub reason: String,
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Review> {
    Ok(review::table
        .filter(scope.holds(review::office_code))
        .filter(review::id.eq(id))
        .select(Review::as_select())
        .get_result(db)?)
}

pub fn of_subject(
    db: &mut Db,
    scope: &Scope,
    kind: Kind,
    subject: RowId,
) -> AppResult<Option<Review>> {
    Ok(review::table
        .filter(scope.holds(review::office_code))
        .filter(review::kind.eq(kind))
        .filter(review::subject_id.eq(subject))
        .select(Review::as_select())
        .get_result(db)
        .optional()?)
}

/// How many are open, by author.
pub fn open_by_author(db: &mut Db, scope: &Scope) -> AppResult<Vec<(StaffId, i64)>> {
    Ok(review::table
        .filter(scope.holds(review::office_code))
        .filter(review::state.eq(State::Open))
        .group_by(review::author_id)
        .select((review::author_id, diesel::dsl::count_star()))
        .load(db)?)
}

/// Asks for a decision; again for what went back or was withdrawn.
pub fn propose(act: &mut Act<'_>, new: Proposal) -> AppResult<Review> {
    let author_id = act.by.staff_id.ok_or(AppError::Forbidden)?;
    let known = of_subject(act.db, act.scope, new.kind, new.subject_id)?;
    if known.as_ref().is_some_and(|one| one.state == State::Open) {
        return Err(AppError::refused("已经提交复核，正在等结果"));
    }
    let steps = new.steps.into_iter().map(|step| (step.value, step.text)).collect();
    let content = Content { facts: new.facts, steps };
    let row = Review {
        id: known.as_ref().map_or_else(|| act.id(), |known| known.id),
        office_code: act.scope.own().to_owned(),
        kind: new.kind,
        subject_id: new.subject_id,
        link: new.link,
        name: new.name,
        summary: new.summary,
        amount_fen: new.amount,
        content: serde_json::to_string(&content).map_err(AppError::broken)?,
        exceptions: new.exceptions.join("；"),
        state: State::Open,
        round: known.as_ref().map_or(1, |known| known.round + 1),
        author_id,
        author_name: act.by.name.clone(),
        proposed_at: act.now,
        opened_by: String::new(),
        opened_at: None,
        urged: 0,
        step: String::new(),
        reason: String::new(),
        decided_by: String::new(),
        decided_at: None,
        version: known.as_ref().map_or(1, |known| known.version + 1),
    };
    if known.is_some() {
        replace(act.db, &row)?;
    } else {
        diesel::insert_into(review::table).values(&row).execute(act.db)?;
    }
    let entry = AuditEntry::of("review_proposed", &row.name, told_of(&row));
    act.audit(AuditEntry { file_id: new.file_id, ..entry })?;
    Ok(row)
}

fn told_of(row: &Review) -> String {
    let amount = row.amount_fen.map(|fen| format!("，¥{}", fen.to_page_text()));
    format!("{}：{}{}", row.kind.in_words(), row.summary, amount.unwrap_or_default())
}

fn replace(db: &mut Db, row: &Review) -> AppResult<()> {
    diesel::update(review::table.filter(review::id.eq(row.id))).set(row).execute(db)?;
    Ok(())
}

/// The open one of this version; `Changed` when somebody else was first.
fn open_one(act: &mut Act<'_>, (id, version): (RowId, i32)) -> AppResult<Review> {
    let row = find(act.db, act.scope, id)?;
    if row.state != State::Open || row.version != version {
        return Err(AppError::Changed);
    }
    Ok(row)
}

/// May this person decide what that one has proposed?
fn check_second_person(act: &mut Act<'_>, row: &Review) -> AppResult<()> {
    let me = act.by.staff_id.ok_or(AppError::Forbidden)?;
    if me == row.author_id {
        return Err(AppError::refused("自己提出的不能自己复核，请另一位复核人来办"));
    }
    let role = staff::find(act.db, act.scope, me)?.role;
    if role.may(Right::Review) { Ok(()) } else { Err(AppError::Forbidden) }
}

/// Somebody who may decide looks: from now on its author cannot withdraw it. What was seen is kept
/// for the next round.
pub fn open(act: &mut Act<'_>, id: RowId) -> AppResult<()> {
    act.needs_no_audit("a look; whoever decides is written down");
    let mut row = find(act.db, act.scope, id)?;
    let me = act.by.staff_id.ok_or(AppError::Forbidden)?;
    if row.state != State::Open || me == row.author_id {
        return Ok(());
    }
    let key = (row.id, me, row.round);
    let looks: i64 = review_look::table.find(key).count().get_result(act.db)?;
    if looks == 0 {
        diesel::insert_into(review_look::table)
            .values((
                review_look::review_id.eq(row.id),
                review_look::staff_id.eq(me),
                review_look::round.eq(row.round),
                review_look::office_code.eq(&row.office_code),
                review_look::content.eq(&row.content),
                review_look::looked_at.eq(act.now),
            ))
            .execute(act.db)?;
    }
    if row.opened_at.is_none() {
        row.opened_by.clone_from(&act.by.name);
        row.opened_at = Some(act.now);
        replace(act.db, &row)?;
    }
    Ok(())
}

/// When this person, or else anybody, last saw an earlier round, and what has changed since.
pub fn changed_since_look(
    db: &mut Db,
    row: &Review,
    me: StaffId,
) -> AppResult<Option<(String, Vec<Fact>)>> {
    let earlier: Vec<(StaffId, String, NaiveDateTime)> = review_look::table
        .filter(review_look::review_id.eq(row.id))
        .filter(review_look::round.lt(row.round))
        .order(review_look::round.desc())
        .select((review_look::staff_id, review_look::content, review_look::looked_at))
        .load(db)?;
    let own = earlier.iter().find(|(who, ..)| *who == me).or(earlier.first());
    let Some((_, content, at)) = own else { return Ok(None) };
    Ok(Some((minute(*at), row.content()?.changed_since(&Content::read(content)?))))
}

/// Decides, and lets the stage do what follows.
pub fn decide(act: &mut Act<'_>, seen: (RowId, i32), verdict: &Verdict) -> AppResult<Review> {
    let mut row = open_one(act, seen)?;
    check_second_person(act, &row)?;
    let needs_reason = verdict.decision != Decision::Approve;
    if needs_reason && verdict.reason.trim().is_empty() {
        return Err(AppError::field("reason", "请写一句原因，经办才知道怎么办"));
    }
    let steps = row.content()?.steps;
    let is_step = steps.is_empty() || steps.iter().any(|(key, _)| *key == verdict.step);
    if verdict.decision == Decision::Return && !is_step {
        return Err(AppError::field("step", "请选退回到哪一步"));
    }
    row.state = match verdict.decision {
        Decision::Approve => State::Approved,
        Decision::Return => State::Returned,
        Decision::Refuse => State::Refused,
    };
    row.step.clone_from(&verdict.step);
    row.reason.clone_from(&verdict.reason);
    row.decided_by.clone_from(&act.by.name);
    row.decided_at = Some(act.now);
    row.version += 1;
    replace(act.db, &row)?;
    let summary = format!("{}。{}", verdict.decision.in_words(), told_of(&row));
    let entry = AuditEntry::of("review_decided", &row.name, summary);
    act.audit(AuditEntry { reason: row.reason.clone(), ..entry })?;
    act.happened(&Happened::Reviewed(&row))?;
    Ok(row)
}

/// Its author takes it back, while nobody has opened it.
pub fn withdraw(act: &mut Act<'_>, seen: (RowId, i32)) -> AppResult<Review> {
    let mut row = open_one(act, seen)?;
    if act.by.staff_id != Some(row.author_id) {
        return Err(AppError::refused(format!("只有提交人{}能撤回", row.author_name)));
    }
    if let Some(at) = row.opened_at {
        let (who, when) = (&row.opened_by, minute(at));
        return Err(AppError::refused(format!("{who} {when} 已经在看，撤不回了，请当面说一声")));
    }
    row.state = State::Withdrawn;
    row.version += 1;
    replace(act.db, &row)?;
    act.audit(AuditEntry::of("review_withdrawn", &row.name, told_of(&row)))?;
    act.happened(&Happened::Reviewed(&row))?;
    Ok(row)
}

/// 催办: it comes first in the line.
pub fn urge(act: &mut Act<'_>, seen: (RowId, i32)) -> AppResult<Review> {
    let mut row = open_one(act, seen)?;
    // Whoever reads it just now may still decide: its version stays.
    row.urged += 1;
    replace(act.db, &row)?;
    let summary = format!("第 {} 次。{}", row.urged, told_of(&row));
    act.audit(AuditEntry::of("review_urged", &row.name, summary))?;
    Ok(row)
}
