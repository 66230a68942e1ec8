//! Lines on the workbench that the program writes and takes away again: a gateway that does not
//! answer, a job that gave up, a rate that is missing, a deadline. Writes the table `warning`.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::warning;

/// The kind of a deadline of the desk's year, shown among the days to come.
pub const DEADLINE: &str = "deadline";

/// The kind of a backup that could not be put back; gone with the next backup.
pub const RESTORE: &str = "restore";

/// The kind of a ceiling of one-time codes that is reached.
pub const CODES: &str = "codes";

/// One line, as stored. (`office_code`, `kind`, `key`) names it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, serde::Serialize)]
#[diesel(table_name = warning, treat_none_as_default_value = false)]
pub struct Warning {
    pub office_code: String,
    /// Who wrote it: `gateway`, `job`, `books`, `rates`, `deadline`, `numbers`.
    pub kind: String,
    /// Which of that kind: `sms`, `send_due_reminders`.
    pub key: String,
    /// `bad` (red), `wait` (amber), `info`.
    pub level: String,
    /// What is the matter, one sentence; may say since when.
    pub title: String,
    /// What to do, one sentence.
    pub advice: String,
    /// Where to do it.
    pub url: String,
    /// Until when, for a deadline.
    pub due_on: Option<NaiveDate>,
    /// Since when it is so.
    pub since: NaiveDateTime,
    /// When it was last found to be so.
    pub seen_at: NaiveDateTime,
}

/// Writes the line, or brings it up to date; `since` of a line that stands already stays.
pub fn raise(db: &mut Db, line: &Warning) -> AppResult<()> {
    let changed = diesel::update(warning::table.find((&line.office_code, &line.kind, &line.key)))
        .set((
            warning::level.eq(&line.level),
            warning::title.eq(&line.title),
            warning::advice.eq(&line.advice),
            warning::url.eq(&line.url),
            warning::due_on.eq(line.due_on),
            warning::seen_at.eq(line.seen_at),
        ))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(warning::table).values(line).execute(db)?;
    }
    Ok(())
}

/// Takes the line away. False: there was none.
pub fn clear(db: &mut Db, office_code: &str, kind: &str, key: &str) -> AppResult<bool> {
    Ok(diesel::delete(warning::table.find((office_code, kind, key))).execute(db)? > 0)
}

/// The lines of one kind of an office.
pub fn of_kind(db: &mut Db, office_code: &str, kind: &str) -> AppResult<Vec<Warning>> {
    Ok(warning::table
        .filter(warning::office_code.eq(office_code))
        .filter(warning::kind.eq(kind))
        .select(Warning::as_select())
        .load(db)?)
}

/// The lines of these offices: red first, then by deadline, then the oldest.
pub fn of_offices(db: &mut Db, scope: &Scope) -> AppResult<Vec<Warning>> {
    let mut lines: Vec<Warning> = warning::table
        .filter(scope.holds(warning::office_code))
        .select(Warning::as_select())
        .load(db)?;
    let rank = |level: &str| match level {
        "bad" => 0,
        "wait" => 1,
        _ => 2,
    };
    lines.sort_by(|a, b| {
        (rank(&a.level), a.due_on, a.since, &a.key).cmp(&(
            rank(&b.level),
            b.due_on,
            b.since,
            &b.key,
        ))
    });
    Ok(lines)
}
