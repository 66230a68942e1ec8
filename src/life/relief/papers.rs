//! Scans of what proves an application: added, opened. Opening one is written down as looking.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};

use super::facts::{self, subject};
use super::pages::{page, to};
use super::steps::audit;
use super::store;
use crate::base::ids::RowId;
use crate::book::attachment::{self, NewAttachment};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::attached::{content, folder};
use crate::web::desk_request::DeskRequest;
use crate::web::download;
use crate::web::fields::{self, Done};
use crate::web::upload::{self, FilePart, UploadForm};

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
    let problem = form.problem(desk.app.config.upload_mb);
    let typed = &mut form.fields;
    let known = |key: &str| class.papers.iter().find(|one| one.key == key).cloned();
    let paper = typed.choice("paper", known, "请选这是哪一样材料");
    if let Some(problem) = problem {
        typed.reject_all(vec![problem]);
    } else if form.files.is_empty() {
        typed.reject("files", "还没有选择文件");
    }
    let paper = typed.checked(paper)?;
    let files = std::mem::take(&mut form.files);
    let (sealer, dir) = (std::sync::Arc::clone(&desk.app.sealer), desk.app.config.attachments());
    let store = move || -> AppResult<Vec<NewAttachment>> {
        let contents = read_all(&files)?;
        contents.iter().try_for_each(|one| folder::store(&dir, &sealer, one))?;
        Ok(contents.iter().map(NewAttachment::from).collect())
    };
    let new = web::block(store).await.map_err(AppError::broken)??;
    let count = desk
        .act("relief scans added", move |act| {
            let row = store::find(act.db, act.scope, id)?;
            if !row.state.takes_papers() {
                let state = row.state.in_words();
                return Err(AppError::refused(format!("这件申请{state}，不能再加材料")));
            }
            let paper = (paper.key.as_str(), paper.name.as_str());
            let added = attachment::add(act, (&row.office_code, subject(id)), paper, &new)?;
            audit(act, &row, "attachment_added", &format!("{}，{added} 份", paper.1))?;
            Ok(added)
        })
        .await?;
    Ok(Done::to(
        to(id),
        match count {
            0 => "选的扫描件都已经在里面了".to_owned(),
            count => format!("已加 {count} 份扫描件"),
        },
    ))
}

fn read_all(files: &[FilePart]) -> AppResult<Vec<content::Content>> {
    let (mut contents, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        match content::read(&file.bytes) {
            Ok(content) => contents.push(content),
            Err(problem) => errors.push(FieldError {
                field: "files".to_owned(),
                message: format!("“{}”{}", file.name, problem.in_words()),
            }),
        }
    }
    if errors.is_empty() { Ok(contents) } else { Err(AppError::Invalid(errors)) }
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
    let (sealer, dir) = (std::sync::Arc::clone(&desk.app.sealer), desk.app.config.attachments());
    let hash = scan.hash.clone();
    let opened = web::block(move || folder::open(&dir, &sealer, &hash)).await;
    let bytes = opened.map_err(AppError::broken)?.map_err(|_| {
        AppError::refused("这份扫描件的文件不见了或者损坏了，请系统管理员从备份恢复")
    })?;
    let name = format!("{}.{}", scan.name, scan.media.ending());
    Ok(download::from_outside(&name, scan.media.as_text(), bytes))
}
