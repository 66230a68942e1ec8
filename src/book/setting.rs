//! What an office has set for itself, by name. Writes the table `office_setting`.

use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::office_setting;

/// The value of a setting, if the office has set it.
pub fn get(db: &mut Db, scope: &Scope, key: &str) -> AppResult<Option<String>> {
    Ok(office_setting::table
        .find((scope.own(), key))
        .select(office_setting::value)
        .get_result(db)
        .optional()?)
}

pub fn set(db: &mut Db, scope: &Scope, key: &str, value: &str) -> AppResult<()> {
    let changed = diesel::update(office_setting::table.find((scope.own(), key)))
        .set(office_setting::value.eq(value))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(office_setting::table)
            .values((
                office_setting::office_code.eq(scope.own()),
                office_setting::key.eq(key),
                office_setting::value.eq(value),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Goes back to what holds without a setting.
pub fn remove(db: &mut Db, scope: &Scope, key: &str) -> AppResult<()> {
    diesel::delete(office_setting::table.find((scope.own(), key))).execute(db)?;
    Ok(())
}

/// The settings of all offices whose names begin so: office, rest of the name, value.
pub fn all_of(db: &mut Db, prefix: &str) -> AppResult<Vec<(String, String, String)>> {
    let found: Vec<(String, String, String)> = office_setting::table
        .filter(office_setting::key.like(format!("{prefix}%")))
        .select((office_setting::office_code, office_setting::key, office_setting::value))
        .load(db)?;
    let rest = |key: &str| key.strip_prefix(prefix).map(str::to_owned);
    Ok(found
        .into_iter()
        .filter_map(|(office, key, value)| Some((office, rest(&key)?, value)))
        .collect())
}
