//! A file that leaves the program. Who took a list along is written down.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::app::App;
use crate::base::url;
use crate::book::history::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::web::session::SignedIn;

/// The media type of a workbook (.xlsx).
pub const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file to keep under `name`, which may be Chinese (RFC 6266, `filename*`).
pub fn attachment(name: &str, kind: &'static str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{}", url::encoded(name)),
        ))
        .body(bytes)
}

/// Rows under a head as a workbook, made beside the other requests; `name` is what the list is
/// called, `unit` what a row is (人, 户, 行). Identity and telephone numbers must be masked already.
pub async fn list(
    app: &App,
    me: &SignedIn,
    (mut head, rows): (Head, Vec<Vec<Out>>),
    (name, unit): (&'static str, &'static str),
) -> AppResult<HttpResponse> {
    let count = rows.len();
    head.titles.push(me.bank_data.in_words());
    let bytes = actix_web::web::block(move || write::list(&head, rows.into_iter()))
        .await
        .map_err(AppError::broken)?
        .map_err(AppError::broken)?;
    noted(app, me, name, format!("导出{name} {count} {unit}，号码已遮盖")).await?;
    Ok(attachment(&format!("{name}-{}.xlsx", app.clock.today()), WORKBOOK, bytes))
}

/// Writes down that `subject` was taken along.
pub async fn noted(
    app: &App,
    me: &SignedIn,
    subject: &'static str,
    summary: String,
) -> AppResult<()> {
    let note = AuditEntry::of("exported", subject, summary);
    me.act(app, "export", move |act| act.audit(note.clone())).await
}
