//! The last step of an import: the user's own sheet back, with two columns more. It holds full
//! identity numbers, as the sheet did, so every download is written down.

use actix_web::{HttpResponse, web};

use super::pages::outcome_words;
use super::profile::{self, Profiles};
use super::read;
use super::store::{self, ImportJob, ImportRow};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::sheet::SheetLimits;
use crate::plumbing::sheet::write::{self, LineResult};
use crate::web::download::{WORKBOOK, attachment};
use crate::web::session::SignedIn;

/// `GET /imports/{id}/result.xlsx`
pub async fn workbook(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
) -> AppResult<HttpResponse> {
    let (id, scope, own) = (*id, me.scope.clone(), app.clone());
    let (job, bytes) = web::block(move || {
        let (job, sealed, rows) = own.db.read(|db| {
            let job = store::find(db, &scope, id)?;
            if job.state == "dropped" {
                return Err(AppError::NotFound);
            }
            let rows = store::rows(db, id, None, 0, i64::MAX)?;
            Ok((job, store::content(db, id)?, rows))
        })?;
        let profiles = own.db.read(|db| profile::all(db, &scope))?;
        let bytes = made(&own, &job, &sealed, rows, &profiles)?;
        Ok::<_, AppError>((job, bytes))
    })
    .await
    .map_err(AppError::broken)??;
    let name = stem(&job.file_name).to_owned();
    me.act(&app, "export result", move |act| {
        let summary = format!("下载“{}”的导入结果，{} 行", job.file_name, job.rows_total);
        act.audit(AuditEntry::of("exported", &job.file_name, summary))
    })
    .await?;
    Ok(attachment(&format!("{name}-导入结果.xlsx"), WORKBOOK, bytes))
}

fn made(
    app: &App,
    job: &ImportJob,
    sealed: &[u8],
    rows: Vec<ImportRow>,
    profiles: &Profiles,
) -> AppResult<Vec<u8>> {
    let bytes = app.sealer.open(Field::Upload, sealed).map_err(AppError::broken)?;
    let limits = SheetLimits::default();
    let sheet = read::open_kept(&bytes, &limits, job, profiles).map_err(AppError::Refused)?;
    let results: Vec<LineResult> = rows
        .into_iter()
        .map(|row| LineResult {
            line: u32::try_from(row.line).unwrap_or(u32::MAX),
            outcome: match (row.warned, row.outcome.as_str()) {
                (true, "new" | "same" | "changed") => {
                    format!("{}，有提示", outcome_words(job, &row).1)
                }
                _ => outcome_words(job, &row).1.to_owned(),
            },
            needs_attention: row.outcome == "refused" || row.warned,
            explanation: row.notes,
        })
        .collect();
    write::results(&sheet.table, sheet.binding.heading_line, &results).map_err(AppError::broken)
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
