//! What accepting or refusing a proposal does, in one write: the contact record, new numbers, the
//! sheet, the history. A payment that came meanwhile changes nothing here; the record stays true.

use chrono::NaiveDateTime;

use super::returns::{self, CameBy, Decision, Return};
use super::rules::{Answers, Met};
use super::store::{self, Sheet, State};
use crate::app::App;
use crate::base::ids::{PhoneId, PointId, RecordId, ReturnId};
use crate::base::phone_number::PhoneNumber;
use crate::base::scope::Scope;
use crate::book::contact::point::{self, MayKnow, Point, Tried};
use crate::book::contact::record::{Ability, Channel, Record, Source};
use crate::book::history::{self, Note};
use crate::book::person::{self, Phone, PhoneState};
use crate::book::reaction::Who;
use crate::error::AppResult;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::web::session::SignedIn;

/// What the desk wants done.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Accepted or refused.
    pub accepted: bool,
    /// Why, or a remark.
    pub note: String,
    /// The borrower's new number is put on file.
    pub phone: bool,
    /// What the desk read where no number could be read; mostly empty.
    pub read_phone: String,
    /// The family's number is put on the contact tree.
    pub family: bool,
}

/// Identities made before the write, which may run twice.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    note: i64,
    record: RecordId,
    phone: PhoneId,
    point: PointId,
}

impl Ids {
    /// Fresh ones.
    pub fn new(app: &App) -> Ids {
        Ids {
            note: app.next_id(),
            record: RecordId::new(app.next_id()),
            phone: PhoneId::new(app.next_id()),
            point: PointId::new(app.next_id()),
        }
    }
}

/// Decides a proposal; `Changed` when somebody was quicker.
pub fn decide(
    db: &mut Db,
    app: &App,
    me: &SignedIn,
    (id, wishes): (ReturnId, &Wishes),
    (ids, at): (&Ids, NaiveDateTime),
) -> AppResult<()> {
    let row = returns::find(db, &me.scope, id)?;
    let sheet = store::find(db, &me.scope, row.sheet_id)?;
    let paper = store::batch(db, &me.scope, sheet.batch_id)?.purpose.paper();
    let to = if wishes.accepted { State::Accepted } else { State::Out };
    if wishes.accepted {
        let answers = row.answers(&app.sealer)?;
        let mut record = record(me, &row, &answers, (ids.record, at));
        record.evidence = match returns::photos(db, &me.scope, id)?.is_empty() {
            true => paper.to_owned(),
            false => format!("{paper}照片"),
        };
        let by = me.by();
        (app.reactions.contact)(db, Who { parts: app, scope: &me.scope, by: &by, at }, record)?;
        let number = match wishes.read_phone.as_str() {
            "" => answers.new_phone.as_str(),
            read => read,
        };
        if wishes.phone {
            keep_phone(db, app, me, (&row, number), (ids.phone, at))?;
        }
        if wishes.family {
            keep_point(db, app, (&row, &answers), (ids.point, at))?;
        }
    }
    let decision = Decision {
        accepted: wishes.accepted,
        by: me.name.clone(),
        note: wishes.note.clone(),
        at,
        record_id: wishes.accepted.then_some(ids.record),
    };
    returns::decide(db, &me.scope, id, &decision)?;
    store::move_to(db, &me.scope, &[row.sheet_id], (State::Returned, to), at)?;
    history::note(db, &me.by(), ids.note, at, note((&row, &sheet, paper), wishes))
}

fn note((row, sheet, paper): (&Return, &Sheet, &str), wishes: &Wishes) -> Note {
    let (action, verb) = match wishes.accepted {
        true => ("sheet_accepted", "采用"),
        false => ("sheet_refused", "不采用"),
    };
    Note {
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
    me: &SignedIn,
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
    record.staff_id = Some(me.staff_id);
    record.command_key = format!("sheet-return-{}", row.id);
    record
}

/// The borrower's number is on file from now on; one that was dead works again.
fn keep_phone(
    db: &mut Db,
    app: &App,
    me: &SignedIn,
    (row, text): (&Return, &str),
    (id, at): (PhoneId, NaiveDateTime),
) -> AppResult<()> {
    let Ok(number) = PhoneNumber::parse(text) else { return Ok(()) };
    let who = store::people(db, &me.scope, &[row.file_id])?.remove(&row.file_id);
    let Some(who) = who else { return Ok(()) };
    let index = app.sealer.index(Field::Phone, number.as_str());
    let known = person::phones_of(db, &me.scope, &[who.person_id])?;
    if let Some(same) = known.iter().find(|old| old.phone_index == index) {
        return person::set_phone_state(db, same.id, PhoneState::OnFile);
    }
    let new = Phone {
        id,
        office_code: row.office_code.clone(),
        person_id: who.person_id,
        phone_sealed: app.sealer.seal(Field::Phone, number.as_str().as_bytes())?,
        phone_index: index,
        phone_mask: number.masked(),
        state: PhoneState::OnFile,
        source: "走访表".to_owned(),
        recorded_at: at,
    };
    person::insert_phones(db, &[new])
}

/// The family's number, on the contact tree; nothing but the contact may be told to whoever
/// answers it, until somebody has asked who that is.
fn keep_point(
    db: &mut Db,
    app: &App,
    (row, answers): (&Return, &Answers),
    (id, at): (PointId, NaiveDateTime),
) -> AppResult<()> {
    let Ok(number) = PhoneNumber::parse(&answers.family_phone) else { return Ok(()) };
    let index = app.sealer.index(Field::Phone, number.as_str());
    let known = point::of_file(db, &Scope::of(&row.office_code), row.file_id)?;
    if known.iter().any(|one| one.phone_index.as_ref() == Some(&index)) {
        return Ok(());
    }
    let (kind, name) = match answers.met {
        Met::Parents => (point::Kind::Parent, "父母"),
        _ => (point::Kind::Relative, "家人"),
    };
    let point = Point {
        id,
        office_code: row.office_code.clone(),
        file_id: row.file_id,
        kind,
        name: name.to_owned(),
        relation: String::new(),
        phone_sealed: Some(app.sealer.seal(Field::Phone, number.as_str().as_bytes())?),
        phone_index: Some(index),
        phone_mask: number.masked(),
        may_know: MayKnow::ContactOnly,
        tried: Tried::Never,
        tried_on: None,
        note: String::new(),
        source: "走访表".to_owned(),
        recorded_at: at,
        retired_at: None,
        version: 1,
    };
    point::add(db, &point)
}
