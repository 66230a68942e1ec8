//! Scans of what proves an application: added, opened. Opening one is written down as looking.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};

use super::facts::{self, subject};
use super::pages::{page, to};
use super::steps::audit;
use super::store;
use crate::base::ids::RowId;
use crate::book::attachment;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{self, Done};
use crate::web::scans;
use crate::web::upload::{self, UploadForm};

/// `POST /reliefs/{id}/attachments`
pub async fn add(
    desk: DeskRequest,
    id: web::Path<RowId>,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let mut form = upload::read(&req, &desk.me, payload, desk.app.config.upload_mb).await?;
    let done = take(&desk, *id, &mut form).await;
    fields::answer((&**desk.app, &desk.me, &req), &form.fields, done, page(&desk, *id)).await
}

/// All files or none: what cannot be taken is named, and nothing is written.
async fn take(desk: &DeskRequest, id: RowId, form: &mut UploadForm) -> AppResult<Done> {
    let row = desk.read(move |db, scope| store::find(db, scope, id)).await?;
    let class = facts::class(&desk.app.policy(), &row.class, row.applied_on)?;
    let known = |key: &str| class.papers.iter().find(|one| one.key == key).cloned();
    let (paper, new) = scans::taken(desk, form, known).await?;
    let count = desk
        .act("relief scans added", move |act| {
            let row = store::find(act.db, act.scope, id)?;
            if !row.state.takes_papers() {
                let state = row.state.in_words();
                return Err(AppError::refused(format!("这件申请{state}，不能再加材料")));
            }
            let paper = (paper.key.as_str(), paper.name.as_str());
            let added = attachment::add(act, (&row.office_code, subject(id)), paper, &new)?;
            if added == 0 {
                act.needs_no_audit("all of them are there already");
                return Ok(0);
            }
            audit(act, &row, "attachment_added", &format!("{}，{added} 份", paper.1))?;
            Ok(added)
        })
        .await?;
    Ok(Done::to(to(id), scans::added(count)))
}

/// `GET /reliefs/{id}/attachments/{attachment}`: written down before it is shown.
pub async fn open(desk: DeskRequest, path: web::Path<(RowId, RowId)>) -> AppResult<HttpResponse> {
    let (id, which) = path.into_inner();
    let scan = desk
        .act("relief scan seen", move |act| {
            let row = store::find(act.db, act.scope, id)?;
            let scan = attachment::find(act.db, act.scope, subject(id), which)?;
            audit(act, &row, "attachment_seen", &scan.name)?;
            Ok(scan)
        })
        .await?;
    scans::shown(&desk, &scan).await
}
