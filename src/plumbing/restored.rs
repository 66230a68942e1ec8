//! A database that was put back from a copy: which copy, when, by whom. As long as this stands
//! nothing is sent and no job runs, because the copy knows nothing of what was sent after it was
//! made. A person lets first the jobs go on, then the messages.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::meta;

/// Its key in the table `meta`.
pub(super) const KEY: &str = "restored";

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Name of the copy: `zhuxue-2026-11-28.db`.
    pub copy: String,
    /// Of the newest entry in the copy; nothing in one that is empty.
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
