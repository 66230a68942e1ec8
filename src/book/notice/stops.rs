//! People who get no messages any more: they have died, or asked for it. Only a member of staff
//! puts or lifts a stop. Writes the table `message_stop`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::base::ids::{PersonId, text_enum};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::message_stop;

text_enum! {
    /// Why somebody gets nothing any more.
    Why {
        /// 去世
        Died = "died", "本人已去世";
        /// 本人要求
        Asked = "asked", "本人要求停发";
    }
}

/// A stop as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = message_stop)]
pub struct Suppression {
    pub person_id: PersonId,
    /// Whose data this is.
    pub office_code: String,
    pub why: Why,
    /// In the words of whoever put it.
    pub note: String,
    pub by_name: String,
    pub since: NaiveDateTime,
}

/// The stops of these people: one query a chunk.
pub fn of_people(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
) -> AppResult<HashMap<PersonId, Suppression>> {
    let mut found = HashMap::new();
    for chunk in people.chunks(BINDS_MAX) {
        let rows: Vec<Suppression> = message_stop::table
            .filter(scope.holds(message_stop::office_code))
            .filter(message_stop::person_id.eq_any(chunk))
            .select(Suppression::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|stop| (stop.person_id, stop)));
    }
    Ok(found)
}

/// Puts a stop. False: there was one already, and it stays as it was.
pub fn put(db: &mut Db, scope: &Scope, stop: &Suppression) -> AppResult<bool> {
    if !of_people(db, scope, &[stop.person_id])?.is_empty() {
        return Ok(false);
    }
    diesel::insert_into(message_stop::table).values(stop).execute(db)?;
    Ok(true)
}

/// Lifts a stop. False: there was none.
pub fn lift(db: &mut Db, scope: &Scope, person: PersonId) -> AppResult<bool> {
    let gone = diesel::delete(
        message_stop::table.find(person).filter(scope.holds(message_stop::office_code)),
    )
    .execute(db)?;
    Ok(gone > 0)
}
