//! What people do with the scans of a contract: added, opened, removed with a reason; and the check
//! of its file. Opening one is written down as looking.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};

use super::archive;
use super::attachments::{Expected, OTHER, expected, subject, takes_scans};
use super::show::{REASON_MAX, page, to};
use super::store::{self, Application};
use super::web::load;
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::act::Act;
use crate::book::attachment::{self, NewAttachment};
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{self, Done, Fields, Form};
use crate::web::scans;
use crate::web::upload::{self, UploadForm};

/// `POST /applications/{id}/attachments`
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
    let whole = load(desk, id).await?;
    if !takes_scans(whole.app.state) {
        return Err(AppError::refused("提交复核以后才能加扫描件"));
    }
    let papers = expected(&whole, &desk.app.policy(), &[]);
    let other = Expected { key: OTHER.0.to_owned(), name: OTHER.1.to_owned(), scans: 0 };
    let papers: Vec<Expected> = papers.into_iter().chain([other]).collect();
    let known = |key: &str| papers.iter().find(|one| one.key == key).cloned();
    let (paper, new) = scans::taken(desk, form, known).await?;
    let count = desk
        .act("scans added", move |act| attach(act, id, (&paper.key, &paper.name), &new))
        .await?;
    Ok(Done::to(to(id), scans::added(count)))
}

fn attach(
    act: &mut Act<'_>,
    id: RowId,
    (key, name): (&str, &str),
    new: &[NewAttachment],
) -> AppResult<usize> {
    let app = store::find(act.db, act.scope, id)?;
    if !takes_scans(app.state) {
        return Err(AppError::Changed);
    }
    let added = attachment::add(act, (&app.office_code, subject(id)), (key, name), new)?;
    if added == 0 {
        act.needs_no_audit("all of them are there already");
        return Ok(0);
    }
    note(act, &app, "attachment_added", format!("{name}，{added} 份"))?;
    archive::follow(act, id)?;
    Ok(added)
}

fn note(
    act: &mut Act<'_>,
    app: &Application,
    action: &'static str,
    summary: String,
) -> AppResult<()> {
    let entry = AuditEntry::of(action, &app.name, summary);
    act.audit(AuditEntry { file_id: app.file_id, ..entry })
}

/// `GET /applications/{id}/attachments/{attachment}`: written down before it is shown.
pub async fn open(desk: DeskRequest, path: web::Path<(RowId, RowId)>) -> AppResult<HttpResponse> {
    let (id, which) = path.into_inner();
    let row = desk
        .act("scan seen", move |act| {
            let app = store::find(act.db, act.scope, id)?;
            let row = attachment::find(act.db, act.scope, subject(id), which)?;
            note(act, &app, "attachment_seen", row.name.clone())?;
            Ok(row)
        })
        .await?;
    scans::shown(&desk, &row).await
}

/// `POST /applications/{id}/attachments/{attachment}/remove`
pub async fn remove(
    desk: DeskRequest,
    path: web::Path<(RowId, RowId)>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, which) = path.into_inner();
    desk.submit(form, page(&desk, id), async |form: &mut Fields| {
        let version = form.version()?;
        let why = form.text("why_removed", REASON_MAX);
        if why.is_empty() {
            form.reject("attachments", "请写一句为什么移除");
        }
        form.check()?;
        let step = move |act: &mut Act<'_>| {
            let app = store::find(act.db, act.scope, id)?;
            let row = attachment::find(act.db, act.scope, subject(id), which)?;
            attachment::remove(act, &row, version, &why)?;
            archive::follow(act, id)?;
            let entry = AuditEntry::of("attachment_removed", &app.name, row.name.clone());
            act.audit(AuditEntry { file_id: app.file_id, reason: why.clone(), ..entry })
        };
        desk.act("scan removed", step).await?;
        Ok(Done::to(to(id), "已移除，移除的扫描件还可以查看"))
    })
    .await
}

/// `POST /applications/{id}/archive`
pub async fn check_archive(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let version = form.version()?;
        let days = ["applied_on", "signed_on", "approved_on"].map(|name| form.date(name));
        let today = desk.today();
        for (name, day) in ["applied_on", "signed_on", "approved_on"].into_iter().zip(days) {
            if day.is_some_and(|day| day > today) {
                form.reject(name, format!("不能晚于今天（{}）", in_words(today, today)));
            }
        }
        form.check()?;
        let ticks = ["student_signed", "co_signed", "office_signed", "stamped"];
        let ticks = ticks.map(|name| form.has(name));
        let found = desk
            .act("archive checked", move |act| archive::keep(act, (id, version), ticks, days))
            .await?;
        Ok(Done::to(
            to(id),
            match found {
                0 => "已检查，材料齐".to_owned(),
                count => format!("已检查，缺 {count} 样"),
            },
        ))
    })
    .await
}
