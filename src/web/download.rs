//! A file that leaves the program. Who took a list along is written down.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::app::App;
use crate::base::url;
use crate::book::audit_log::AuditEntry;
use crate::error::AppResult;
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

/// A file that came from outside: a picture is shown, anything else only saved, and nothing in it
/// runs or loads.
pub fn from_outside(name: &str, kind: &'static str, bytes: Vec<u8>) -> HttpResponse {
    let how = if kind.starts_with("image/") { "inline" } else { "attachment" };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("{how}; filename*=UTF-8''{}", url::encoded(name)),
        ))
        .body(bytes)
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
