//! A database that was put back from a copy: which copy, when, by whom. As long as this stands
//! nothing is sent and no job runs, because the copy knows nothing of what was sent after it was
//! made. A person lets first the jobs go on, then the messages.
//!
//! A clock that stands more than a week ahead of where it was last seen holds the messages, too:
//! thousands would go out that are late by a wrong clock only.

use chrono::{NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::meta;

/// Its key in the table `meta`.
pub(super) const KEY: &str = "restored";

/// When the program last looked at the clock, in the table `meta`.
const LOOKED_AT: &str = "clock_looked_at";
/// The program may be off for so long without anybody wondering.
const JUMP: TimeDelta = TimeDelta::days(7);
const FORM: &str = "%Y-%m-%d %H:%M:%S";

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Name of the copy: `zhuxue-2026-11-28.db`. Empty when the clock has jumped.
    pub copy: String,
    /// Of the newest entry in the copy; nothing in one that is empty. When the clock has jumped,
    /// where it stood before.
    pub as_of: Option<NaiveDateTime>,
    pub at: NaiveDateTime,
    pub by_name: String,
    /// The jobs go on; messages are still held.
    pub jobs_released: bool,
}

impl Restored {
    /// As kept in the table `meta`.
    pub(super) fn to_text(&self) -> AppResult<String> {
        serde_json::to_string(self).map_err(AppError::broken)
    }
}

/// Nothing as long as the database was never put back, or since everything was released.
pub fn get(db: &mut Db) -> AppResult<Option<Restored>> {
    let text = meta::get(db, KEY)?.filter(|text| !text.is_empty());
    text.map(|text| serde_json::from_str(&text).map_err(AppError::broken)).transpose()
}

pub fn set(db: &mut Db, restored: &Restored) -> AppResult<()> {
    meta::set(db, KEY, &restored.to_text()?)
}

pub fn clear(db: &mut Db) -> AppResult<()> {
    meta::set(db, KEY, "")
}

/// Looks at the clock. True when it has jumped ahead: from now on messages are held until a person
/// has said that it is right.
pub fn look_at_clock(db: &mut Db, now: NaiveDateTime) -> AppResult<bool> {
    let last = meta::get(db, LOOKED_AT)?;
    let last = last.and_then(|text| NaiveDateTime::parse_from_str(&text, FORM).ok());
    meta::set(db, LOOKED_AT, &now.format(FORM).to_string())?;
    let Some(before) = last.filter(|last| now - *last > JUMP) else { return Ok(false) };
    if get(db)?.is_some() {
        return Ok(false);
    }
    let as_of = Some(before);
    let (copy, by_name, jobs_released) = (String::new(), String::new(), true);
    set(db, &Restored { copy, as_of, at: now, by_name, jobs_released })?;
    Ok(true)
}
