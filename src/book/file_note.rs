//! 备注 on a loan file, for whoever opens it next. None is ever changed. The only file that writes
//! the table `file_note`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::act::Act;
use super::loan::LoanFile;
use crate::base::ids::{FileId, RowId, StaffId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::file_note;

/// Notes on a page; the audit log has all of them.
const NOTES_MAX: usize = 20;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = file_note, treat_none_as_default_value = false)]
pub struct FileNote {
    id: RowId,
    office_code: String,
    file_id: FileId,
    pub note: String,
    staff_id: Option<StaffId>,
    pub by_name: String,
    pub recorded_at: NaiveDateTime,
}

/// Of a file, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<FileNote>> {
    let mut notes: Vec<FileNote> = file_note::table
        .filter(scope.holds(file_note::office_code))
        .filter(file_note::file_id.eq(file))
        .order(file_note::id.desc())
        .select(FileNote::as_select())
        .load(db)?;
    notes.truncate(NOTES_MAX);
    Ok(notes)
}

/// Adds one in the name of whoever acts.
pub fn add(act: &mut Act<'_>, file: &LoanFile, note: String) -> AppResult<()> {
    let new = FileNote {
        id: act.id(),
        office_code: file.office_code.clone(),
        file_id: file.id,
        note,
        staff_id: act.by.staff_id,
        by_name: act.by.name.clone(),
        recorded_at: act.now,
    };
    diesel::insert_into(file_note::table).values(&new).execute(act.db)?;
    Ok(())
}
