//! What accepting or refusing a proposal does, in one write: the contact record, new numbers, the
//! sheet, the history. A payment that came meanwhile changes nothing here; the record stays true.

use chrono::NaiveDateTime;

use super::returns::{self, CameBy, Decision, Return};
use super::rules::{Answers, Met};
use super::store::{self, Sheet, State};
use crate::base::ids::{RecordId, ReturnId};
use crate::base::phone_number::PhoneNumber;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::contact::point::{self, ContactPerson, MayKnow, Tried};
use crate::book::contact::record::{Ability, Channel, Record, Source};
use crate::book::contact::{in_force, keep};
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;

/// Why nobody puts a number on file alone that they typed in themselves.
const OWN_NUMBER: &str =
    "录入人不能自己把号码记入档案：请另一位工作人员采用，或者打通这个号码、是本人以后勾选";

/// What the desk wants done.
#[derive(Clone, Debug)]
pub struct Wishes {
    pub accepted: bool,
    /// Why, or a remark.
    pub note: String,
    /// The borrower's new number is put on file.
    pub phone: bool,
    /// The borrower was called under it.
    pub reached: bool,
    /// What the desk read where no number could be read; mostly empty.
    pub read_phone: String,
    /// The family's number is put on the contact tree.
    pub family: bool,
}

/// Decides a proposal; `Changed` when somebody was quicker.
pub fn decide(act: &mut Act<'_>, (id, wishes): (ReturnId, &Wishes)) -> AppResult<()> {
    let row = returns::find(act.db, act.scope, id)?;
    let sheet = store::find(act.db, act.scope, row.sheet_id)?;
    let paper = store::batch(act.db, act.scope, sheet.batch_id)?.purpose.paper();
    let to = if wishes.accepted { State::Accepted } else { State::Out };
    let record_id = act.id();
    if wishes.accepted {
        let answers = row.answers(&act.parts.sealer)?;
        let mut record = record(act.by, &row, &answers, (record_id, act.now));
        record.evidence = match returns::photos(act.db, act.scope, id)?.is_empty() {
            true => paper.to_owned(),
            false => format!("{paper}照片"),
        };
        keep::keep_contact(act, &record)?;
        let is_own = row.entered_by.is_some() && row.entered_by == act.by.staff_id;
        if wishes.phone && !wishes.reached && is_own {
            return Err(AppError::field("reached", OWN_NUMBER));
        }
        let number = match wishes.read_phone.as_str() {
            "" => answers.new_phone.as_str(),
            read => read,
        };
        if wishes.phone {
            keep_phone(act, &row, (number, wishes.reached))?;
        }
        if wishes.family {
            keep_point(act, (&row, &answers))?;
        }
    }
    let decision = Decision {
        accepted: wishes.accepted,
        by: act.by.name.clone(),
        note: wishes.note.clone(),
        at: act.now,
        record_id: wishes.accepted.then_some(record_id),
    };
    returns::decide(act.db, act.scope, id, &decision)?;
    store::move_to(act.db, act.scope, &[row.sheet_id], (State::Returned, to), act.now)?;
    act.audit(note((&row, &sheet, paper), wishes))
}

fn note((row, sheet, paper): (&Return, &Sheet, &str), wishes: &Wishes) -> AuditEntry {
    let (action, verb) = match wishes.accepted {
        true => ("sheet_accepted", "采用"),
        false => ("sheet_refused", "不采用"),
    };
    AuditEntry {
        action,
        file_id: Some(row.file_id),
        subject: sheet.number.clone(),
        summary: format!("{verb}{paper} {} 的结果（{}）", sheet.number, row.came_by.in_words()),
        reason: wishes.note.clone(),
    }
}

fn source(came_by: CameBy) -> Source {
    match came_by {
        CameBy::Scan => Source::Sheet,
        CameBy::Workbook => Source::Workbook,
        CameBy::Liaison => Source::Liaison,
        CameBy::Round => Source::Round,
        CameBy::Spoken | CameBy::Desk => Source::Desk,
    }
}

/// The answers as a contact record.
fn record(
    by: &Actor,
    row: &Return,
    answers: &Answers,
    (id, at): (RecordId, NaiveDateTime),
) -> Record {
    let mut record = Record::new(
        (id, &row.office_code, row.file_id),
        (answers.visited_on, at),
        (Channel::Sheet, answers.met.party(), answers.outcome),
        (source(row.came_by), &row.by_name),
    );
    if answers.met != Met::Student && answers.met != Met::Nobody {
        answers.met.in_words().clone_into(&mut record.party_name);
    }
    let situation = [answers.whereabouts.as_str(), answers.family.as_str()];
    record.situation =
        situation.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("；");
    record.note.clone_from(&answers.note);
    record.wish.clone_from(&answers.wish);
    record.ability = Ability::from_text(&answers.ability).unwrap_or(Ability::Unknown);
    record.promised_on = answers.promised_on;
    record.sheet_id = Some(row.sheet_id);
    record.staff_id = by.staff_id;
    record.command_key = format!("sheet-return-{}", row.id);
    record
}

/// The borrower's number is on file from now on; one that was dead works again.
fn keep_phone(act: &mut Act<'_>, row: &Return, (text, reached): (&str, bool)) -> AppResult<()> {
    let Ok(number) = PhoneNumber::parse(text) else { return Ok(()) };
    let who = store::people(act.db, act.scope, &[row.file_id])?.remove(&row.file_id);
    let Some(who) = who else { return Ok(()) };
    let person = person::find(act.db, act.scope, who.person_id)?;
    in_force::put_phone(act, &person, (&number, reached), "走访表")
}

/// The family's number, on the contact tree; nothing but the contact may be told to whoever
/// answers it, until somebody has asked who that is.
fn keep_point(act: &mut Act<'_>, (row, answers): (&Return, &Answers)) -> AppResult<()> {
    let Ok(number) = PhoneNumber::parse(&answers.family_phone) else { return Ok(()) };
    let index = act.parts.sealer.index(Field::Phone, number.as_str());
    let known = point::of_file(act.db, &Scope::of(&row.office_code), row.file_id)?;
    if known.iter().any(|one| one.phone_index.as_ref() == Some(&index)) {
        return Ok(());
    }
    let (kind, name) = match answers.met {
        Met::Parents => (point::Kind::Parent, "父母"),
        _ => (point::Kind::Relative, "家人"),
    };
    let point = ContactPerson {
        id: act.id(),
        office_code: row.office_code.clone(),
        file_id: row.file_id,
        kind,
        name: name.to_owned(),
        relation: String::new(),
        phone_sealed: Some(act.parts.sealer.seal(Field::Phone, number.as_str().as_bytes())?),
        phone_index: Some(index),
        phone_mask: number.masked(),
        may_know: MayKnow::ContactOnly,
        tried: Tried::Never,
        tried_on: None,
        note: String::new(),
        source: "走访表".to_owned(),
        recorded_at: act.now,
        retired_at: None,
        version: 1,
    };
    point::add(act.db, &point)
}
