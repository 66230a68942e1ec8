//! Scans of papers: as a form brings them, and as one is shown again. Whose they are, and when they
//! are taken, is their stage's.

use actix_web::{HttpResponse, web};

use crate::book::attachment::{Attachment, NewAttachment};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::attached::{content, folder};
use crate::web::desk_request::DeskRequest;
use crate::web::download;
use crate::web::upload::{FilePart, UploadForm};

/// The paper that was chosen and its scans, stored but of nothing yet: all files or none.
///
/// # Errors
/// `Invalid` at the field: no such paper, no file, what is wrong with each file.
pub async fn taken<P>(
    desk: &DeskRequest,
    form: &mut UploadForm,
    known: impl Fn(&str) -> Option<P>,
) -> AppResult<(P, Vec<NewAttachment>)> {
    let problem = form.problem(desk.app.config.upload_mb);
    let typed = &mut form.fields;
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
    Ok((paper, new))
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

/// How many of them were new, in a sentence.
pub fn added(count: usize) -> String {
    match count {
        0 => "选的扫描件都已经在里面了".to_owned(),
        count => format!("已加 {count} 份扫描件"),
    }
}

/// The scan itself, to be looked at.
pub async fn shown(desk: &DeskRequest, scan: &Attachment) -> AppResult<HttpResponse> {
    let (sealer, dir) = (std::sync::Arc::clone(&desk.app.sealer), desk.app.config.attachments());
    let hash = scan.hash.clone();
    let opened = web::block(move || folder::open(&dir, &sealer, &hash)).await;
    let bytes = opened.map_err(AppError::broken)?.map_err(|_| {
        AppError::refused("这份扫描件的文件不见了或者损坏了，请系统管理员从备份恢复")
    })?;
    let name = format!("{}.{}", scan.name, scan.media.ending());
    Ok(download::from_outside(&name, scan.media.as_text(), bytes))
}
