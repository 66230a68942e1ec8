//! 备注 on a loan file. Anybody who sees the file may add one.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::Serialize;

use super::{AtFile, posted};
use crate::base::dates::{in_words, local};
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::file_note::{self, FileNote};
use crate::book::{loan, person};
use crate::error::AppResult;
use crate::web::fields::{At, Done, Fields, Form};

/// Longest note in characters.
const NOTE_MAX: usize = 400;

#[derive(Clone, Debug, Serialize)]
pub struct NoteView {
    note: String,
    by: String,
    at: String,
}

impl NoteView {
    pub fn of(note: &FileNote, today: NaiveDate) -> NoteView {
        let at = local(note.recorded_at);
        NoteView {
            note: note.note.clone(),
            by: note.by_name.clone(),
            at: format!("{} {}", in_words(at.date(), today), at.format("%H:%M")),
        }
    }
}

/// `POST /loans/{file_no}/notes`
pub(super) async fn add(at: AtFile, form: Form) -> AppResult<HttpResponse> {
    posted(at, form, try_add).await
}

async fn try_add((app, me, _): At<'_>, file_no: &str, form: &mut Fields) -> AppResult<Done> {
    let note = form.text("note", NOTE_MAX);
    form.required("note", "请填写备注");
    form.check()?;
    let (key, back, file_no) = (form.key(), format!("/loans/{file_no}"), file_no.to_owned());
    let sentence = me
        .act(app, "note on a file", move |act| {
            let file = loan::file_by_no(act.db, act.scope, &file_no)?;
            if act.once(&key)? == Once::Again {
                return Ok("这条备注已经添加过");
            }
            let student = person::find(act.db, act.scope, file.person_id)?;
            file_note::add(act, &file, note.clone())?;
            let entry = AuditEntry::of("note_added", &student.name, note.clone());
            act.audit(entry.on_file(file.id))?;
            Ok("已添加备注")
        })
        .await?;
    Ok(Done::to(back, sentence))
}
