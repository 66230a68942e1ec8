//! Which state of the database a reading sees, and what was worked out of that state already: kept
//! until the next change by anybody, so it is never behind.
//!
//! On SQLite every write that changes rows also counts up `user_version`, in the same transaction;
//! a file that another tool changed while the program runs is not noticed. PostgreSQL tells a
//! snapshot apart by itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::db::Db;
use crate::error::AppResult;

/// Most answers that are kept for one state; all go when there are more.
const KEPT_MAX: usize = 1_000;

/// Two readings with the same revision see the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(String);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Revision {
    /// The one that this reading sees. Only inside [`super::db::Database::read`].
    pub fn of(db: &mut Db) -> AppResult<Revision> {
        let name = match db {
            Db::Sqlite(c) => user_version(c)?.to_string(),
            Db::Postgres(c) => {
                let snapshot = sql_query("SELECT CAST(pg_current_snapshot() AS TEXT) AS name");
                snapshot.get_result::<Name>(c)?.name
            }
        };
        Ok(Revision(name))
    }
}

fn user_version(c: &mut SqliteConnection) -> AppResult<i64> {
    let found = sql_query("SELECT user_version AS number FROM pragma_user_version");
    Ok(found.get_result::<Number>(c)?.number)
}

/// How many rows this connection has changed so far; on PostgreSQL always 0.
pub fn rows_changed(db: &mut Db) -> AppResult<i64> {
    match db {
        Db::Sqlite(c) => {
            Ok(sql_query("SELECT total_changes() AS number").get_result::<Number>(c)?.number)
        }
        Db::Postgres(_) => Ok(0),
    }
}

/// Ends a write that began when `before` rows were changed: the next revision, if it changed any.
pub(super) fn advance(db: &mut Db, before: i64) -> AppResult<()> {
    if rows_changed(db)? == before {
        return Ok(());
    }
    if let Db::Sqlite(c) = db {
        // The field has 32 bits; after two thousand million changes it begins anew.
        let next = i32::try_from(user_version(c)?.saturating_add(1)).unwrap_or_default();
        c.batch_execute(&format!("PRAGMA user_version = {next}"))?;
    }
    Ok(())
}

/// Answers of one revision, by what was asked.
#[derive(Debug)]
pub struct Answers<K, V>(Mutex<(Option<Revision>, HashMap<K, V>)>);

impl<K, V> Default for Answers<K, V> {
    fn default() -> Answers<K, V> {
        Answers(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    /// The answer for what this reading sees: the one that is known, or what `read` finds.
    ///
    /// # Errors
    /// What `read` returns; nothing is kept then.
    pub fn get(
        &self,
        (db, revision): (&mut Db, &Revision),
        key: K,
        read: impl FnOnce(&mut Db) -> AppResult<V>,
    ) -> AppResult<V> {
        if let Some(known) = self.of(revision, |known| known.get(&key).cloned()) {
            return Ok(known);
        }
        let found = read(db)?;
        self.of(revision, |known| {
            if known.len() >= KEPT_MAX {
                known.clear();
            }
            known.insert(key, found.clone())
        });
        Ok(found)
    }

    /// Looks at the answers of this revision; those of another are dropped.
    fn of<T>(&self, revision: &Revision, with: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.0.as_ref() != Some(revision) {
            *all = (Some(revision.clone()), HashMap::new());
        }
        with(&mut all.1)
    }
}
