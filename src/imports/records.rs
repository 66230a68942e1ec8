//! Rows of a list that has a table of its own: those on record, and those that lines bring.

use std::any::Any;
use std::collections::HashMap;
use std::hash::Hash;

use super::undone::{self, Rows};
use super::written::{Kind, Notes, Written};
use crate::base::ids::ImportId;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;

/// What a list that is imported again says otherwise.
const DETAILS: &str = "名单内容";

/// A row of such a list.
pub trait Record: Kind + PartialEq + Send + 'static {
    /// By what a row is known again.
    type Key: Eq + Hash;
    fn key(&self) -> Self::Key;
    /// Takes the identity of the row on record.
    /// And whatever a person has added to that one.
    fn replace(&mut self, old: &Self);
    /// The import that brought it.
    fn import_id(&mut self) -> &mut ImportId;
    /// What a clerk calls it.
    fn title(&self) -> String;
    /// What stands on record under [`Kind::row_id`].
    fn by_ids(db: &mut Db, scope: &Scope, ids: &[i64]) -> AppResult<Vec<Self>>;
    /// Records rows; one that is there already takes the new details.
    fn put_all(db: &mut Db, rows: &[Self]) -> AppResult<()>;
    /// Takes rows away that an import had brought and that is undone.
    fn remove_all(db: &mut Db, scope: &Scope, rows: &[Self]) -> AppResult<()>;
}

macro_rules! record {
    (
        $row:ident = $kind:literal, $layout:expr, $store:ident,
        |$own:ident| $key:expr => $type:ty
        $(, replaced = $replaced:path)? $(, bare = $bare:ident)?
    ) => {
        impl $crate::imports::written::Kind for $row {
            const KIND: &'static str = $kind;
            fn row_id(&self) -> i64 {
                self.id.get()
            }
            fn bare(&self) -> Self {
                self.clone()$(.$bare())?
            }
        }

        impl $crate::imports::records::Record for $row {
            type Key = $type;
            fn key(&self) -> $type {
                let $own = self;
                $key
            }
            fn replace(&mut self, old: &Self) {
                self.id = old.id;
                $($replaced(old, self);)?
            }
            fn import_id(&mut self) -> &mut $crate::base::ids::ImportId {
                &mut self.import_id
            }
            fn title(&self) -> String {
                format!("{}中的一行", $layout.short_title())
            }
            fn by_ids(db: &mut Db, scope: &Scope, ids: &[i64]) -> AppResult<Vec<Self>> {
                let ids: Vec<RowId> = ids.iter().copied().map(RowId::new).collect();
                $store::by_ids(db, scope, &ids)
            }
            fn remove_all(db: &mut Db, scope: &Scope, rows: &[Self]) -> AppResult<()> {
                let ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
                $store::remove(db, scope, &ids)
            }
            fn put_all(db: &mut Db, rows: &[Self]) -> AppResult<()> {
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
pub fn merge<R: Record>(records: &mut dyn AnyRecords, mut fresh: R) -> (bool, Vec<&'static str>) {
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
        let ids: Vec<i64> = self.taken.iter().map(Kind::row_id).collect();
        notes.left(&self.taken, &R::by_ids(db, scope, &ids)?)?;
        R::put_all(db, &self.taken)
    }
}

/// Rows of whatever list an import that is undone had brought.
pub trait AnyUndone: Send {
    /// How many stand again as they were before.
    fn restored(&self) -> usize;
    /// How many are taken away.
    fn fresh(&self) -> usize;
    fn put_back(self: Box<Self>, db: &mut Db, scope: &Scope) -> AppResult<()>;
}

impl<R: Record> AnyUndone for Rows<R> {
    fn restored(&self) -> usize {
        self.restored.len()
    }

    fn fresh(&self) -> usize {
        self.fresh.len()
    }

    fn put_back(self: Box<Self>, db: &mut Db, scope: &Scope) -> AppResult<()> {
        R::remove_all(db, scope, &self.fresh)?;
        let before: Vec<R> = self.restored.into_iter().map(|(before, _)| before).collect();
        R::put_all(db, &before)
    }
}

/// Tells apart what an import has written of one list; what stands against undoing it is named.
pub type Undone =
    fn(&Sealer, &mut Db, &Scope, &[Written], &mut Vec<String>) -> AppResult<Box<dyn AnyUndone>>;

/// [`Undone`] of the rows `R`.
pub fn undone<R: Record>(
    sealer: &Sealer,
    db: &mut Db,
    scope: &Scope,
    all: &[Written],
    against: &mut Vec<String>,
) -> AppResult<Box<dyn AnyUndone>> {
    let now = R::by_ids(db, scope, &undone::ids::<R>(all))?;
    Ok(Box::new(undone::rows(sealer, all, now, R::title, against)?))
}
