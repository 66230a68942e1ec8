//! Rows of a list that has a table of its own: those on record, and those that lines bring.

use std::any::Any;
use std::collections::HashMap;
use std::hash::Hash;

use super::written::{Kind, Notes};
use crate::base::ids::ImportId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// What a list that is imported again says otherwise.
const DETAILS: &str = "名单内容";

/// A row of such a list.
pub trait Record: Kind + PartialEq + 'static {
    /// By what a row is known again.
    type Key: Eq + Hash;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// Takes the identity of the row on record.
    fn replace(&mut self, old: &Self);
    /// The import that brought it.
    fn import_id(&mut self) -> &mut ImportId;
    /// What stands on record in the place of these rows.
    fn before(db: &mut Db, scope: &Scope, rows: &[Self]) -> AppResult<Vec<Self>>;
    /// Records rows; one that is there already takes the new details.
    fn put_all(db: &mut Db, rows: &[Self]) -> AppResult<()>;
}

macro_rules! record {
    ($row:ident, $store:ident, |$own:ident| $key:expr => $type:ty) => {
        impl $crate::imports::records::Record for $row {
            type Key = $type;
            fn key(&self) -> $type {
                let $own = self;
                $key
            }
            fn replace(&mut self, old: &Self) {
                self.id = old.id;
            }
            fn import_id(&mut self) -> &mut $crate::base::ids::ImportId {
                &mut self.import_id
            }
            fn before(
                db: &mut $crate::plumbing::db::Db,
                scope: &$crate::base::scope::Scope,
                rows: &[Self],
            ) -> $crate::error::AppResult<Vec<Self>> {
                let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
                $store::by_ids(db, scope, &ids)
            }
            fn put_all(
                db: &mut $crate::plumbing::db::Db,
                rows: &[Self],
            ) -> $crate::error::AppResult<()> {
                $store::put_all(db, rows)
            }
        }
    };
}

pub(super) use record;

/// Those on record, and those of the line at hand and of the lines before it.
struct Records<R: Record> {
    stored: HashMap<R::Key, R>,
    line: Vec<R>,
    taken: Vec<R>,
}

/// Rows on record, for lines to be held against.
pub fn stored<R: Record>(rows: Vec<R>) -> Box<dyn AnyRecords> {
    let stored = rows.into_iter().map(|row| (row.key(), row)).collect();
    Box::new(Records { stored, line: Vec::new(), taken: Vec::new() })
}

/// Holds a row of the sheet against the one on record, where the identity and the import that
/// brought it do not count. New or not, and what changes.
pub fn settle<R: Record>(records: &mut dyn AnyRecords, mut fresh: R) -> (bool, Vec<&'static str>) {
    let records: &mut dyn Any = records;
    let Some(records) = records.downcast_mut::<Records<R>>() else { return (false, Vec::new()) };
    let Some(old) = records.stored.get(&fresh.key()) else {
        records.line.push(fresh);
        return (true, Vec::new());
    };
    fresh.replace(old);
    let (own, mut before) = (*fresh.import_id(), old.clone());
    *fresh.import_id() = *before.import_id();
    if fresh == before {
        return (false, Vec::new());
    }
    *fresh.import_id() = own;
    records.line.push(fresh);
    (false, vec![DETAILS])
}

/// [`Records`] of whatever list is at hand.
pub trait AnyRecords: Any {
    /// Ends a line: what it brings is kept, or thrown away.
    fn end_line(&mut self, taken: bool);
    /// Writes what lines bring, and notes what stood there before.
    fn write(&self, db: &mut Db, scope: &Scope, notes: &mut Notes<'_>) -> AppResult<()>;
}

impl<R: Record> AnyRecords for Records<R> {
    fn end_line(&mut self, taken: bool) {
        let line = std::mem::take(&mut self.line);
        if taken {
            self.taken.extend(line);
        }
    }

    fn write(&self, db: &mut Db, scope: &Scope, notes: &mut Notes<'_>) -> AppResult<()> {
        if self.taken.is_empty() {
            return Ok(());
        }
        notes.left(&self.taken, &R::before(db, scope, &self.taken)?)?;
        R::put_all(db, &self.taken)
    }
}
