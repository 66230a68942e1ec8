//! What else moves when something has happened with a family, in the same write. The stages of a
//! loan's life do not know each other: whoever writes it down calls [`Act::happened`], and the
//! stages that follow the family answer, in their order (`life::STAGES`).

use crate::base::ids::{FileId, RecordId};
use crate::book::act::Act;
use crate::book::contact::keep;
use crate::book::contact::record::Record;
use crate::error::AppResult;

/// What has happened, already kept.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'a> {
    Contact(&'a Record),
    ContactUndone(&'a Record),
    /// The student has died; how that is known.
    Died(FileId, &'a str),
    /// That was a mistake; why.
    Lives(FileId, &'a str),
}

/// What a stage does then; most of what happens is nothing to it.
pub type Reaction = fn(&mut Act<'_>, &Happened<'_>) -> AppResult<()>;

impl Act<'_> {
    /// Lets every stage answer.
    pub fn happened(&mut self, what: &Happened<'_>) -> AppResult<()> {
        let parts = self.parts;
        parts.reactions.iter().try_for_each(|reaction| reaction(self, what))
    }
}

/// Keeps a contact, and what it leads to. False: this form was kept before, and nothing changed.
pub fn keep_contact(act: &mut Act<'_>, record: &Record) -> AppResult<bool> {
    let is_new = keep::add(act.db, record)?;
    if is_new {
        act.happened(&Happened::Contact(record))?;
    }
    Ok(is_new)
}

/// Takes a contact back, and what it led to. `Changed` when it was taken back before, or when
/// something else has been done since with what it moved.
pub fn undo_contact(act: &mut Act<'_>, id: RecordId) -> AppResult<Record> {
    let record = keep::undo(act.db, act.scope, id, (&act.by.name, act.now))?;
    act.happened(&Happened::ContactUndone(&record))?;
    Ok(record)
}
