//! The pages of undoing an import: what it would come to, and doing it. Reviewers and directors
//! only (the table of routes sees to that).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::undo::{self, Undoing};
use super::{runner, store};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::error::{AppError, AppResult};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;

/// Lines shown of what it would do, and of what stands against it.
const LINES: usize = 200;
const REASON_MOST: usize = 200;

/// `imports/undo.html`
#[derive(Debug, Serialize)]
struct UndoPage {
    id: String,
    name: String,
    /// Why it cannot be undone whatever it wrote.
    refusal: String,
    counts: Vec<(&'static str, usize)>,
    lines: Vec<String>,
    lines_more: usize,
    known: String,
    beside: Vec<String>,
    against: Vec<String>,
    against_more: usize,
}

impl FormPage for UndoPage {
    const TEMPLATE: &'static str = "imports/undo.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        Fields::default()
    }
}

fn first(mut all: Vec<String>) -> (Vec<String>, usize) {
    let more = all.len().saturating_sub(LINES);
    all.truncate(LINES);
    (all, more)
}

fn page_of(id: ImportId, name: String, found: Undoing) -> UndoPage {
    let counts = found.counts().into_iter().filter(|(_, count)| *count > 0).collect();
    let (lines, lines_more) = first(found.lines);
    let (against, against_more) = first(found.against);
    UndoPage {
        id: id.to_string(),
        name,
        refusal: String::new(),
        counts,
        lines,
        lines_more,
        known: found.known,
        beside: found.beside,
        against,
        against_more,
    }
}

async fn dry_run(app: &App, me: &SignedIn, id: ImportId) -> AppResult<UndoPage> {
    let (own, scope, by) = (app.clone(), me.scope.clone(), me.by());
    app.read(move |db| {
        let job = store::find(db, &scope, id)?;
        if job.state == "dropped" {
            return Err(AppError::NotFound);
        }
        let refusal = undo::refusal(&job);
        let found = match refusal {
            None => undo::work_out(&own, db, &scope, &by, &job)?,
            Some(_) => Undoing::default(),
        };
        let mut page = page_of(id, job.file_name, found);
        page.refusal = refusal.unwrap_or_default().to_owned();
        Ok(page)
    })
    .await
}

/// `GET /imports/{id}/undo`: what undoing would come to; nothing is changed.
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &dry_run(&app, &me, *id).await?)
}

/// `POST /imports/{id}/undo`: does it, all in one write.
pub async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_undo(at, *id, &form).await;
    answer(at, &form, done, dry_run(&app, &me, *id)).await
}

async fn try_undo((app, me, _): At<'_>, id: ImportId, form: &Fields) -> AppResult<Done> {
    let reason = form.get("reason").to_owned();
    if reason.is_empty() {
        return Err(AppError::field("reason", "请写明为什么撤销，会记入操作记录"));
    }
    if reason.chars().count() > REASON_MOST {
        return Err(AppError::field("reason", "理由太长，请控制在 200 个字以内"));
    }
    let (own, scope, by) = (app.clone(), me.scope.clone(), me.by());
    let done = web::block(move || undo::undo(&own, &scope, &by, id, &reason))
        .await
        .map_err(AppError::broken)?;
    match done {
        Ok(Ok(())) => runner::wake(app, me.scope.own()),
        // Somebody was faster, or something stands on it by now: the page says what.
        Ok(Err(_)) | Err(AppError::Refused(_)) => return Err(AppError::Invalid(Vec::new())),
        Err(error) => return Err(error),
    }
    Ok(Done::to(format!("/imports/{id}"), "这份表已整份撤销"))
}
