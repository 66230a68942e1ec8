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
