//! [`Act`]: one write by somebody. It holds in whose name, when and for which offices something is
//! done, makes identities that a second run of the body repeats, knows a form that was sent twice,
//! and refuses a change that leaves no line in the history.
//!
//! What else moves when something has happened with a family moves in the same write. The stages
//! of a loan's life do not know each other: whoever writes it down calls [`Act::happened`], and the
//! stages that follow the family answer, in their order (`life::STAGES`).

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::hex::{hash_of, hex};
use crate::base::ids::{FileId, LoanId, PersonId, StaffId};
use crate::base::scope::Scope;
use crate::book::audit_log::{self, Actor, AuditEntry};
use crate::book::contact::record::Record;
use crate::book::parts::Parts;
use crate::book::policy::Policy;
use crate::book::review::row::Review;
use crate::error::{AppError, AppResult};
use crate::plumbing::blocking::blocking;
use crate::plumbing::db::Db;
use crate::plumbing::revision;
use crate::plumbing::schema::form_done;

/// Identities of one write, in the order they were asked for: a body that runs again after a
/// conflict gets the same ones.
#[derive(Debug, Default)]
struct IdTape {
    made: Vec<i64>,
    next: usize,
}

impl IdTape {
    fn next(&mut self, make: impl FnOnce() -> i64) -> i64 {
        let id = self.made.get(self.next).copied().unwrap_or_else(|| {
            let id = make();
            self.made.push(id);
            id
        });
        self.next += 1;
        id
    }
}

/// What has happened, already kept.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'a> {
    Contact(&'a Record),
    ContactUndone(&'a Record),
    /// The student has died; how that is known.
    Died(FileId, &'a str),
    /// That was a mistake; why.
    Lives(FileId, &'a str),
    /// What these loans owe has been worked out anew.
    Refigured(&'a [LoanId]),
    /// So has what everybody owes: how far payments are known has changed, or a rule.
    AllRefigured,
    /// A second person has decided what was proposed, or its author has taken it back.
    Reviewed(&'a Review),
    /// The family has signed its application at the counter.
    HandedIn(PersonId),
}

/// What a stage does then; most of what happens is nothing to it.
pub type Reaction = fn(&mut Act<'_>, &Happened<'_>) -> AppResult<()>;

/// An open write by a person or by the program.
pub struct Act<'a> {
    pub db: &'a mut Db,
    /// Clock, rules, keys and ways out.
    pub parts: &'a Parts,
    /// In whose name history is written.
    pub by: &'a Actor,
    /// The offices they may touch.
    pub scope: &'a Scope,
    /// Taken before the write, so that a second run writes the same (UTC).
    pub now: NaiveDateTime,
    /// The day of [`Act::now`] in Shanghai.
    pub today: NaiveDate,
    ids: &'a mut IdTape,
    name: &'static str,
    audited: bool,
    /// Rows that only remember a form: no change that a line of history would tell.
    form_rows: i64,
}

/// The content of a form, token left out; see [`Act::once`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormKey(pub String);

/// Whether a form comes for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// It is to be done.
    First,
    /// It was done before; nothing may change.
    Again,
}

impl Act<'_> {
    /// A new identity; the same again when the body runs a second time.
    pub fn id<I: From<i64>>(&mut self) -> I {
        I::from(self.ids.next(|| self.parts.next_id()))
    }

    /// The dated rules of now.
    pub fn policy(&self) -> Arc<Policy> {
        self.parts.policy()
    }

    /// Writes a line of history.
    pub fn audit(&mut self, note: AuditEntry) -> AppResult<()> {
        let id = self.id();
        self.audited = true;
        audit_log::append(self.db, self.by, id, self.now, note)
    }

    /// Writes many lines of history at once; none is right when nothing has changed.
    pub fn audit_all(&mut self, notes: Vec<AuditEntry>) -> AppResult<()> {
        let notes: Vec<_> = notes.into_iter().map(|note| (self.id(), note)).collect();
        self.audited |= !notes.is_empty();
        audit_log::append_all(self.db, self.by, self.now, notes)
    }

    /// Writes a line into the history of another office too: of what holds for all of them.
    pub fn audit_in(&mut self, office_code: &str, note: AuditEntry) -> AppResult<()> {
        let by = Actor { office_code: office_code.to_owned(), ..self.by.clone() };
        let id = self.id();
        self.audited = true;
        audit_log::append(self.db, &by, id, self.now, note)
    }

    /// Says that this write needs no line of history of its own, and why; the reason is for the
    /// reader of the code.
    pub const fn needs_no_audit(&mut self, _because: &'static str) {
        self.audited = true;
    }

    /// Lets every stage answer to what has happened.
    pub fn happened(&mut self, what: &Happened<'_>) -> AppResult<()> {
        let parts = self.parts;
        parts.reactions.iter().try_for_each(|reaction| reaction(self, what))
    }

    /// Takes a form once: the same fields by the same person in the same write are `Again`. Ask it
    /// first; a form without a `version` or a random `key` would be refused for ever.
    pub fn once(&mut self, form: &FormKey) -> AppResult<Once> {
        let by = self.by.staff_id.map_or(0, StaffId::get);
        let FormKey(form) = form;
        let key = hex(&hash_of(&format!("{}\n{by}\n{}\n{form}", self.name, self.by.name)));
        let office = &self.by.office_code;
        let is_known = form_done::table
            .find((office, &key))
            .select(form_done::at)
            .get_result::<NaiveDateTime>(self.db)
            .optional()?
            .is_some();
        if is_known {
            self.needs_no_audit("nothing changes");
            return Ok(Once::Again);
        }
        diesel::insert_into(form_done::table)
            .values((
                form_done::office_code.eq(office),
                form_done::form_key.eq(&key),
                form_done::at.eq(self.now),
            ))
            .execute(self.db)?;
        self.form_rows += 1;
        Ok(Once::First)
    }
}

/// Forgets forms that were taken before an instant. Returns how many.
pub fn forget_forms(db: &mut Db, before: NaiveDateTime) -> AppResult<usize> {
    Ok(diesel::delete(form_done::table.filter(form_done::at.lt(before))).execute(db)?)
}

/// As [`revision::rows_changed`] in debug builds, elsewhere always 0: the rule that it serves is
/// held by tests, which run on SQLite too.
fn rows_changed(db: &mut Db) -> AppResult<i64> {
    if cfg!(debug_assertions) { revision::rows_changed(db) } else { Ok(0) }
}

/// Runs `body` as one write of `by`; see [`crate::plumbing::db::Database::write`].
///
/// # Errors
/// What `body` returns. In debug builds `Broken` when it changed something and wrote no history.
pub fn run<T>(
    parts: &Parts,
    (by, scope): (&Actor, &Scope),
    name: &'static str,
    mut body: impl FnMut(&mut Act<'_>) -> AppResult<T>,
) -> AppResult<T> {
    let (now, today) = (parts.clock.now_at(), parts.clock.today());
    let mut ids = IdTape::default();
    let done = parts.db.write(name, |db| {
        ids.next = 0;
        let before = rows_changed(db)?;
        let ids = &mut ids;
        let mut act =
            Act { db, parts, by, scope, now, today, ids, name, audited: false, form_rows: 0 };
        let done = body(&mut act)?;
        let (audited, forms) = (act.audited, act.form_rows);
        if !audited && rows_changed(act.db)? - before > forms {
            return Err(AppError::broken(format!("{name} changed rows without a line of history")));
        }
        Ok(done)
    })?;
    parts.note_change();
    Ok(done)
}

impl Parts {
    /// [`run`] from an async handler: on the blocking pool.
    pub async fn act<T, F>(&self, who: (Actor, Scope), name: &'static str, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Act<'_>) -> AppResult<T> + Send + 'static,
    {
        let parts = self.clone();
        blocking(move || run(&parts, (&who.0, &who.1), name, body)).await?
    }
}

#[cfg(test)]
mod tests {
    use super::IdTape;

    #[test]
    fn a_second_run_gets_the_same_identities() {
        let mut tape = IdTape::default();
        let mut made = 0;
        let mut make = || {
            made += 1;
            made
        };
        assert_eq!((tape.next(&mut make), tape.next(&mut make)), (1, 2));
        tape.next = 0;
        assert_eq!([tape.next(&mut make), tape.next(&mut make), tape.next(&mut make)], [1, 2, 3]);
    }
}
