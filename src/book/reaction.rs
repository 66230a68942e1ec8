//! What else moves when something happens with a family, in the same write. The stages of a loan's
//! life do not know each other: whoever writes it down calls the table of [`Act::parts`], and the
//! stage that follows the family (`life::overdue::reaction`) answers.

use crate::base::ids::{FileId, RecordId};
use crate::book::act::Act;
use crate::book::contact::record::{self, Record};
use crate::error::AppResult;

/// What happens then; by default nothing but what is told.
#[derive(Clone, Copy, Debug)]
pub struct Reactions {
    /// Keeps a contact, and what it leads to. False: this form was kept before.
    pub contact: fn(&mut Act<'_>, Record) -> AppResult<bool>,
    /// Takes a contact back, and what it led to.
    pub contact_undone: fn(&mut Act<'_>, RecordId) -> AppResult<Record>,
    /// The student of a family has died; why it is known.
    pub died: fn(&mut Act<'_>, FileId, &str) -> AppResult<()>,
    /// That was a mistake.
    pub lives: fn(&mut Act<'_>, FileId, &str) -> AppResult<()>,
}

impl Default for Reactions {
    fn default() -> Reactions {
        Reactions {
            contact: |act, record| record::add(act.db, &record),
            contact_undone: |act, id| record::undo(act.db, act.scope, id, (&act.by.name, act.now)),
            died: |_, _, _| Ok(()),
            lives: |_, _, _| Ok(()),
        }
    }
}
