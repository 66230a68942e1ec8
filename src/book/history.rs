//! Who did what, when and why. The only file that writes the table `history`.
//!
//! Rows are appended freely, in the transaction of what they tell of; a moment later a job gives
//! each its number and hash in the chain of its office, so that no write waits for a hot row.
//! A row never holds an identity number, a telephone number or an account, not even masked.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::book::ids::{FileId, StaffId};
use crate::book::office::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::history;

/// In whose name something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The member of staff; nobody for the program itself.
    pub staff_id: Option<StaffId>,
    /// Their name as pages show it; history keeps it even when the person is renamed.
    pub name: String,
    /// The office it is done for.
    pub office_code: String,
}

impl By {
    /// The program itself (a job, the command line) in the name of an office.
    pub fn program(name: &str, office_code: &str) -> By {
        By { staff_id: None, name: name.to_owned(), office_code: office_code.to_owned() }
    }
}

/// What is to be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// What was done, one word of [`in_words`]: `signed_in`, `revealed`.
    pub action: &'static str,
    /// The loan file it was done to.
    pub file_id: Option<FileId>,
    /// Whom or what it was done to, as pages show it: a name, a file number.
    pub subject: String,
    /// One Chinese sentence.
    pub summary: String,
    /// Why, in the person's own words; may be empty.
    pub reason: String,
}

/// How pages call an action. An action without a word here is shown as it is.
pub fn in_words(action: &str) -> &str {
    match action {
        "signed_in" => "登录",
        "signed_out" => "退出",
        "sign_in_failed" => "登录没有成功",
        "sessions_ended" => "结束登录",
        "password_changed" => "改密码",
        "staff_added" => "添加人员",
        "staff_changed" => "修改人员",
        "staff_disabled" => "停用账号",
        "staff_enabled" => "启用账号",
        "office_added" => "建立中心",
        "office_changed" => "修改中心资料",
        "revealed" => "查看完整号码",
        "reveal_refused" => "查看号码被拒",
        "imported" => "导入",
        "import_stopped" => "停止导入",
        "printed" => "打印",
        "exported" => "导出",
        "contact_changed" => "修改联系方式",
        "note_changed" => "修改备注",
        other => other,
    }
}

#[derive(Insertable)]
#[diesel(table_name = history, treat_none_as_default_value = false)]
struct NewRow {
    id: i64,
    office_code: String,
    at: NaiveDateTime,
    staff_id: Option<StaffId>,
    staff_name: String,
    action: &'static str,
    file_id: Option<FileId>,
    subject: String,
    summary: String,
    reason: String,
}

/// How many columns [`NewRow`] has; bulk inserts count binds by it.
const COLUMNS: usize = 10;

fn row(by: &By, id: i64, at: NaiveDateTime, note: Note) -> NewRow {
    NewRow {
        id,
        office_code: by.office_code.clone(),
        at,
        staff_id: by.staff_id,
        staff_name: by.name.clone(),
        action: note.action,
        file_id: note.file_id,
        subject: note.subject,
        summary: note.summary,
        reason: note.reason,
    }
}

/// Writes one note. `id` from `App::next_id` and `at` from the clock are taken before the write,
/// so that a retry writes the same row.
pub fn note(db: &mut Db, by: &By, id: i64, at: NaiveDateTime, note: Note) -> AppResult<()> {
    notes(db, by, at, vec![(id, note)])
}

/// Writes many notes of one person and instant at once.
pub fn notes(db: &mut Db, by: &By, at: NaiveDateTime, many: Vec<(i64, Note)>) -> AppResult<()> {
    let rows: Vec<NewRow> = many.into_iter().map(|(id, note)| row(by, id, at, note)).collect();
    crate::insert_rows!(db, history::table, COLUMNS, &rows)?;
    Ok(())
}

/// One line of history.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = history)]
pub struct Entry {
    /// Identity; grows with time.
    pub id: i64,
    /// The office it belongs to.
    pub office_code: String,
    /// When (UTC).
    pub at: NaiveDateTime,
    /// Who.
    pub staff_id: Option<StaffId>,
    /// Who, as named then.
    pub staff_name: String,
    /// What; see [`in_words`].
    pub action: String,
    /// To which loan file.
    pub file_id: Option<FileId>,
    /// To whom or what.
    pub subject: String,
    /// One sentence.
    pub summary: String,
    /// Why.
    pub reason: String,
    /// Number in the chain of the office, once chained.
    pub chain_no: Option<i64>,
    /// Hash over this row and the one before it.
    #[serde(skip)]
    pub chain_hash: Option<Vec<u8>>,
}

/// The history of one loan file, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file_id: FileId, limit: i64) -> AppResult<Vec<Entry>> {
    Ok(history::table
        .filter(history::office_code.eq_any(scope.codes()))
        .filter(history::file_id.eq(file_id))
        .order(history::id.desc())
        .limit(limit)
        .select(Entry::as_select())
        .load(db)?)
}
