//! A new number, address or e-mail of a student or co-borrower: in force at once when a member of
//! staff had it from the person, else proposed, until another one accepts it.

use super::change::{self, Change, Kind};
use super::point::Tried;
use crate::base::ids::FileId;
use crate::base::phone_number::PhoneNumber;
use crate::book::act::Act;
use crate::book::person::{self, Person, Phone, PhoneState};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;

/// What a member of staff writes down of a new contact.
#[derive(Clone, Debug)]
pub struct NewContact {
    pub kind: Kind,
    pub value: String,
    /// Where it comes from, in words.
    pub source: String,
    /// The person said so; somebody else's word is proposed.
    pub from_self: bool,
}

impl NewContact {
    /// What is said after it was written down.
    pub const fn sentence(&self) -> &'static str {
        match (self.from_self, self.kind) {
            (true, Kind::Phone) => "已登记，以后先用这个号码，原来的号码留在后面",
            (true, _) => "已登记，新的联系方式生效",
            (false, _) => "已记下，等另一位工作人员核对以后生效",
        }
    }
}

/// Keeps it. The caller audits.
pub fn keep(act: &mut Act<'_>, person: &Person, file: FileId, new: &NewContact) -> AppResult<()> {
    if new.from_self {
        return put(act, person, (new.kind, &new.value), &new.source);
    }
    let ids = (act.id(), act.now);
    let whose = (person.office_code.as_str(), person.id, file);
    let value = (new.kind, new.value.as_str());
    let change = Change::proposed(&act.parts.sealer, ids, whose, value, &new.source)?;
    change::ask(act.db, &Change { asked_by_staff: act.by.staff_id, ..change })
}

/// Puts a value into force.
pub fn put(
    act: &mut Act<'_>,
    person: &Person,
    (kind, value): (Kind, &str),
    source: &str,
) -> AppResult<()> {
    let mut changed = person.clone();
    match kind {
        Kind::Phone => {
            let number =
                PhoneNumber::parse(value).map_err(|_| AppError::broken("a kept phone number"))?;
            return put_phone(act, person, (&number, false), source);
        }
        Kind::Email => value.clone_into(&mut changed.email),
        Kind::Address => value.clone_into(&mut changed.address),
    }
    changed.updated_at = act.now;
    changed.version += 1;
    person::replace_all(act.db, &[changed])
}

/// The number is used first from now on, also one that was known; the others stay on file.
/// `reached`: the person was called under it and answered.
pub fn put_phone(
    act: &mut Act<'_>,
    person: &Person,
    (number, reached): (&PhoneNumber, bool),
    source: &str,
) -> AppResult<()> {
    let index = act.parts.sealer.index(Field::Phone, number.as_str());
    let known = person::phones_of(act.db, act.scope, &[person.id])?;
    let id = match known.iter().find(|old| old.phone_index == index) {
        Some(same) => {
            person::use_again(act.db, act.scope, same.id, (source, act.now))?;
            same.id
        }
        None => {
            let new = Phone {
                id: act.id(),
                office_code: person.office_code.clone(),
                person_id: person.id,
                phone_sealed: act.parts.sealer.seal(Field::Phone, number.as_str().as_bytes())?,
                phone_index: index,
                phone_mask: number.masked(),
                state: PhoneState::OnFile,
                source: source.to_owned(),
                recorded_at: act.now,
            };
            person::insert_phones(act.db, std::slice::from_ref(&new))?;
            new.id
        }
    };
    if reached {
        person::set_phone_tried(act.db, act.scope, id, (Tried::Works, act.today))?;
    }
    Ok(())
}
