//! Takes sheets out of use: one, or all of a batch that are still out. Their codes open nothing any
//! more; what has come back stays.

use actix_web::{HttpResponse, web};

use super::store;
use super::web::receiver_of;
use crate::app::App;
use crate::base::ids::{BatchId, SheetId};
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::fields::{Fields, Form};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Longest reason in characters.
const WHY_MAX: usize = 60;

/// Why they are taken out of use.
fn why(form: &Fields) -> AppResult<String> {
    let why = form.get("why");
    if why.is_empty() || why.chars().count() > WHY_MAX {
        return Err(AppError::refused(format!("作废走访表请写一句原因，{WHY_MAX} 个字以内")));
    }
    Ok(why.to_owned())
}

/// `POST /visits/sheets/{id}/void`
pub async fn one(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, why) = (SheetId::new(*id), why(&form.0)?);
    let (batch, done) = me
        .act(&app, "sheet voided", move |act| {
            let sheet = store::find(act.db, act.scope, id)?;
            if !store::void(act.db, act.scope, id, (&why, act.now))? {
                return Ok((sheet.batch_id, false));
            }
            act.audit(note_of(&sheet, &why))?;
            Ok((sheet.batch_id, true))
        })
        .await?;
    let message = match done {
        true => "已作废，回报码不能再用",
        false => "这张走访表已经交回或作废，没有再改",
    };
    shell::done(&app, &format!("/visits/batches/{batch}"), message)
}

/// `POST /visits/batches/{id}/void`: every sheet of the batch that is still out.
pub async fn all(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<i64>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, why) = (BatchId::new(*id), why(&form.0)?);
    let voided = me
        .act(&app, "batch voided", move |act| {
            let batch = store::batch(act.db, act.scope, id)?;
            let voided = store::void_all(act.db, act.scope, id, (&why, act.now))?;
            let mut notes: Vec<AuditEntry> =
                voided.iter().map(|sheet| note_of(sheet, &why)).collect();
            if !voided.is_empty() {
                notes.push(AuditEntry {
                    action: "sheet_voided",
                    subject: receiver_of(&batch),
                    summary: format!(
                        "作废{}的{} {} 张",
                        receiver_of(&batch),
                        batch.purpose.paper(),
                        voided.len()
                    ),
                    reason: why.clone(),
                    ..AuditEntry::default()
                });
            }
            act.audit_all(notes)?;
            Ok(voided.len())
        })
        .await?;
    let message = match voided {
        0 => "这一批没有在外的走访表，没有再改".to_owned(),
        n => format!("已作废 {n} 张，回报码不能再用；已经交回的不变"),
    };
    shell::done(&app, &format!("/visits/batches/{id}"), &message)
}

fn note_of(sheet: &store::Sheet, why: &str) -> AuditEntry {
    AuditEntry {
        action: "sheet_voided",
        file_id: Some(sheet.file_id),
        subject: sheet.number.clone(),
        summary: format!("作废走访表 {}", sheet.number),
        reason: why.to_owned(),
    }
}
