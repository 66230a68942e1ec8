//! Facts about this database as a whole: which key sealed it, how far the history is chained.
//! The only file that writes the table `meta`. Never holds a secret or a person.

use diesel::prelude::*;

use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::meta;

/// Fingerprint of the key file whose keys sealed this database.
pub const KEY_FINGERPRINT: &str = "key_fingerprint";

/// There when this database is the demo's: its passwords are known to all.
pub const DEMO: &str = "demo";

/// What is kept under `key`.
pub fn get(db: &mut Db, key: &str) -> AppResult<Option<String>> {
    Ok(meta::table.find(key).select(meta::value).get_result(db).optional()?)
}

/// Keeps `value` under `key`, in place of what was there.
pub fn set(db: &mut Db, key: &str, value: &str) -> AppResult<()> {
    let changed = diesel::update(meta::table.find(key)).set(meta::value.eq(value)).execute(db)?;
    if changed == 0 {
        diesel::insert_into(meta::table)
            .values((meta::key.eq(key), meta::value.eq(value)))
            .execute(db)?;
    }
    Ok(())
}

/// All whose key begins like this: key and value.
pub fn with_prefix(db: &mut Db, prefix: &str) -> AppResult<Vec<(String, String)>> {
    let all: Vec<(String, String)> = meta::table.select((meta::key, meta::value)).load(db)?;
    Ok(all.into_iter().filter(|(key, _)| key.starts_with(prefix)).collect())
}

/// The same in a copy of a SQLite database that nobody has open yet.
pub fn set_in_copy(copy: &mut SqliteConnection, key: &str, value: &str) -> AppResult<()> {
    diesel::replace_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value)))
        .execute(copy)?;
    Ok(())
}

/// Compares the fingerprint of the key file in use with the one this database was sealed with,
/// or keeps it when the database is new. False: the wrong key file.
pub fn is_own_key(db: &mut Db, fingerprint: &str) -> AppResult<bool> {
    match get(db, KEY_FINGERPRINT)? {
        Some(stored) => Ok(stored == fingerprint),
        None => set(db, KEY_FINGERPRINT, fingerprint).map(|()| true),
    }
}
