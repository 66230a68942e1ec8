//! 备注 on a loan file, for whoever opens it next. Anybody who sees the file may add one; none is
//! ever changed. The only file that writes the table `file_note`.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

use super::{PageParams, Tab, page};
use crate::app::App;
use crate::base::dates::{in_words, local};
use crate::base::ids::{FileId, RowId, StaffId};
use crate::base::scope::Scope;
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::{loan, person};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::file_note;
use crate::web::fields::{At, Done, Fields, Form, answer};
use crate::web::session::SignedIn;

/// Longest note in characters.
const NOTE_MAX: usize = 400;
/// Notes on the page; the audit log has all of them.
const NOTES_MAX: i64 = 20;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = file_note, treat_none_as_default_value = false)]
pub struct FileNote {
    id: RowId,
    office_code: String,
    file_id: FileId,
    note: String,
    staff_id: Option<StaffId>,
    by_name: String,
    recorded_at: NaiveDateTime,
}

#[derive(Clone, Debug, Serialize)]
pub struct NoteView {
    note: String,
    by: String,
    at: String,
}

impl FileNote {
    pub fn view(&self, today: NaiveDate) -> NoteView {
        let at = local(self.recorded_at);
        NoteView {
            note: self.note.clone(),
            by: self.by_name.clone(),
            at: format!("{} {}", in_words(at.date(), today), at.format("%H:%M")),
        }
    }
}

/// Of a file, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<FileNote>> {
    Ok(file_note::table
        .filter(scope.holds(file_note::office_code))
        .filter(file_note::file_id.eq(file))
        .order(file_note::id.desc())
        .limit(NOTES_MAX)
        .select(FileNote::as_select())
        .load(db)?)
}

/// `POST /loans/{file_no}/notes`
pub(super) async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form) = ((&**app, &me, &req), form.0);
    let done = try_add(at, &file_no, &mut form).await;
    answer(at, &form, done, page(&app, &me, &file_no, &PageParams::default(), Tab::Plan)).await
}

async fn try_add((app, me, _): At<'_>, file_no: &str, form: &mut Fields) -> AppResult<Done> {
    let note = form.text("note", NOTE_MAX);
    if note.is_empty() {
        form.reject("note", "请填写备注");
    }
    form.check()?;
    let (key, back, file_no) = (form.key(), format!("/loans/{file_no}"), file_no.to_owned());
    let sentence = me
        .act(app, "note on a file", move |act| {
            let file = loan::file_by_no(act.db, act.scope, &file_no)?;
            if act.once(&key)? == Once::Again {
                return Ok("这条备注已经添加过");
            }
            let student = person::find(act.db, act.scope, file.person_id)?;
            let new = FileNote {
                id: act.id(),
                office_code: file.office_code.clone(),
                file_id: file.id,
                note: note.clone(),
                staff_id: act.by.staff_id,
                by_name: act.by.name.clone(),
                recorded_at: act.now,
            };
            diesel::insert_into(file_note::table).values(&new).execute(act.db)?;
            let entry = AuditEntry::of("note_added", &student.name, note.clone());
            act.audit(entry.on_file(file.id))?;
            Ok("已添加备注")
        })
        .await?;
    Ok(Done::to(back, sentence))
}
