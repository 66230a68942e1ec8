//! Which kinds of message a person wants, and by which way. No row: the default, which is every
//! kind by SMS, and by e-mail where an address is known. Writes the table `message_wish`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::Kind;
use crate::base::ids::PersonId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::Channel;
use crate::plumbing::schema::message_wish;

/// By which ways a person wants one kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Wish {
    /// As SMS to the best mobile number.
    pub sms: bool,
    /// As e-mail, where an address is known and e-mail is set up.
    pub email: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { sms: true, email: true }
    }
}

impl Wish {
    /// Whether this way is wanted.
    pub const fn wants(self, channel: Channel) -> bool {
        match channel {
            Channel::Sms => self.sms,
            Channel::Email => self.email,
        }
    }
}

/// The wishes that differ from the default, by person and kind.
#[derive(Clone, Debug, Default)]
pub struct Wishes(HashMap<(PersonId, Kind), Wish>);

impl Wishes {
    /// What this person wants of this kind; everybody gets what has no kind (a one-time code).
    pub fn of(&self, person: PersonId, kind: Option<Kind>) -> Wish {
        kind.and_then(|kind| self.0.get(&(person, kind))).copied().unwrap_or_default()
    }
}

/// The wishes of these people: one query a chunk.
pub fn of_people(db: &mut Db, scope: &Scope, people: &[PersonId]) -> AppResult<Wishes> {
    let mut found = HashMap::new();
    for chunk in people.chunks(BINDS_MAX) {
        let rows: Vec<(PersonId, String, bool, bool)> = message_wish::table
            .filter(scope.holds(message_wish::office_code))
            .filter(message_wish::person_id.eq_any(chunk))
            .select((
                message_wish::person_id,
                message_wish::kind,
                message_wish::sms,
                message_wish::email,
            ))
            .load(db)?;
        found.extend(rows.into_iter().filter_map(|(person, kind, sms, email)| {
            Some(((person, Kind::from_text(&kind)?), Wish { sms, email }))
        }));
    }
    Ok(Wishes(found))
}

/// What one person wants, every kind, in the order pages show them.
pub fn of_person(db: &mut Db, scope: &Scope, person: PersonId) -> AppResult<Vec<(Kind, Wish)>> {
    let wishes = of_people(db, scope, &[person])?;
    Ok(Kind::ALL.iter().copied().map(|kind| (kind, wishes.of(person, Some(kind)))).collect())
}

/// Sets what a person wants of one kind.
pub fn set(
    db: &mut Db,
    scope: &Scope,
    person: PersonId,
    kind: Kind,
    wish: Wish,
    now: NaiveDateTime,
) -> AppResult<()> {
    let changed = diesel::update(
        message_wish::table
            .find((person, kind.as_text()))
            .filter(scope.holds(message_wish::office_code)),
    )
    .set((
        message_wish::sms.eq(wish.sms),
        message_wish::email.eq(wish.email),
        message_wish::updated_at.eq(now),
    ))
    .execute(db)?;
    if changed == 0 {
        diesel::insert_into(message_wish::table)
            .values((
                message_wish::person_id.eq(person),
                message_wish::kind.eq(kind.as_text()),
                message_wish::office_code.eq(scope.own()),
                message_wish::sms.eq(wish.sms),
                message_wish::email.eq(wish.email),
                message_wish::updated_at.eq(now),
            ))
            .execute(db)?;
    }
    Ok(())
}
