//! Which state of the database a reading sees, and what was worked out of that state already: kept
//! until the next change by anybody, so it is never behind.
//!
//! On SQLite every write that changes rows also counts up `user_version`, in the same transaction;
//! a file that another tool changed while the program runs is not noticed. PostgreSQL tells a
//! snapshot apart by itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::db::Db;
use crate::error::AppResult;

/// Most answers that are kept; all go when there are more.
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

/// Answers, by what was asked: those of the revision that a reading sees. Of several that ask for
/// the same at once one works it out, and the rest wait for it.
#[derive(Debug)]
pub struct Answers<K, V>(Mutex<HashMap<K, Arc<Slot<V>>>>);

#[derive(Debug)]
struct Slot<V> {
    /// Held by who is working it out.
    turn: Mutex<()>,
    answer: Mutex<Option<Answer<V>>>,
}

#[derive(Clone, Debug)]
struct Answer<V> {
    revision: Revision,
    at: Instant,
    value: V,
}

impl<K, V> Default for Answers<K, V> {
    fn default() -> Answers<K, V> {
        Answers(Mutex::default())
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Slot<V> {
        Slot { turn: Mutex::default(), answer: Mutex::default() }
    }
}

impl<V: Clone> Slot<V> {
    fn answer(&self) -> Option<Answer<V>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    /// The answer for what this reading sees: the one that is known, or what `read` finds.
    /// `patience`: one of an earlier revision is good enough if it is no older than this, or while
    /// somebody else is working out the next.
    ///
    /// # Errors
    /// What `read` returns; nothing is kept then.
    pub fn get(
        &self,
        (db, revision, patience): (&mut Db, &Revision, Option<Duration>),
        key: K,
        read: impl FnOnce(&mut Db) -> AppResult<V>,
    ) -> AppResult<V> {
        let asked_at = Instant::now();
        // Where anybody's write is another revision, who waits would begin anew each time: what was
        // begun after they asked is good, too.
        let is_good = |one: &Answer<V>| {
            one.revision == *revision
                || one.at > asked_at
                || patience.is_some_and(|most| one.at.elapsed() <= most)
        };
        let slot = self.slot(key);
        let known = slot.answer();
        if let Some(answer) = known.as_ref().filter(|one| is_good(one)) {
            return Ok(answer.value.clone());
        }
        let _turn = match (slot.turn.try_lock(), known.filter(|_| patience.is_some())) {
            (Ok(turn), _) => turn,
            (Err(TryLockError::Poisoned(turn)), _) => turn.into_inner(),
            (Err(TryLockError::WouldBlock), Some(earlier)) => return Ok(earlier.value),
            (Err(TryLockError::WouldBlock), None) => {
                slot.turn.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        if let Some(answer) = slot.answer().filter(is_good) {
            return Ok(answer.value);
        }
        let value = read(db)?;
        let answer = Answer { revision: revision.clone(), at: asked_at, value: value.clone() };
        *slot.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(value)
    }

    fn slot(&self, key: K) -> Arc<Slot<V>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_MAX && !all.contains_key(&key) {
            all.clear();
        }
        all.entry(key).or_default().clone()
    }
}
