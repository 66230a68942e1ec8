//! What else moves when something happens with a family, in the same write. The stages of a loan's
//! life do not know each other: whoever writes it down calls [`Parts::reactions`], and the stage
//! that follows the family (`life::overdue::reaction`) answers.

use chrono::NaiveDateTime;

use crate::base::ids::{FileId, RecordId};
use crate::base::scope::Scope;
use crate::book::contact::record::{self, Record};
use crate::book::history::By;
use crate::book::parts::Parts;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// Whose hearing it is.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    /// The program.
    pub parts: &'a Parts,
    /// The offices they may see.
    pub scope: &'a Scope,
    /// In whose name.
    pub by: &'a By,
    /// When, taken before the write.
    pub at: NaiveDateTime,
}

/// What happens then; by default nothing but what is told.
#[derive(Clone, Copy, Debug)]
pub struct Reactions {
    /// Keeps a contact, and what it leads to. False: this form was kept before.
    pub contact: fn(&mut Db, Who<'_>, Record) -> AppResult<bool>,
    /// Takes a contact back, and what it led to.
    pub contact_undone: fn(&mut Db, Who<'_>, RecordId) -> AppResult<Record>,
    /// The student of a family has died; why it is known.
    pub died: fn(&mut Db, Who<'_>, FileId, &str) -> AppResult<()>,
    /// That was a mistake.
    pub lives: fn(&mut Db, Who<'_>, FileId, &str) -> AppResult<()>,
}

impl Default for Reactions {
    fn default() -> Reactions {
        Reactions {
            contact: |db, _, record| record::add(db, &record),
            contact_undone: |db, who, id| record::undo(db, who.scope, id, (&who.by.name, who.at)),
            died: |_, _, _, _| Ok(()),
            lives: |_, _, _, _| Ok(()),
        }
    }
}
