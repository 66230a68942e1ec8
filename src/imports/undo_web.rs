//! The pages of undoing an import: what it would come to, and doing it. Reviewers and directors
//! only (the table of routes sees to that).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::undo::{self, Undoing};
use super::{runner, store};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

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
    reason: String,
    errors: Vec<FieldError>,
}

/// Why, in the person's own words.
#[derive(Debug, Deserialize)]
pub struct Why {
    reason: String,
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
        reason: String::new(),
        errors: Vec::new(),
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
    let page = dry_run(&app, &me, *id).await?;
    shell::page(&app, &me, &req, "imports/undo.html", page)
}

/// `POST /imports/{id}/undo`: does it, all in one write.
pub async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    form: CsrfForm<Why>,
) -> AppResult<HttpResponse> {
    let (id, reason) = (*id, form.0.reason.trim().to_owned());
    let wrong = if reason.is_empty() {
        Some("请写明为什么撤销，会记入操作记录")
    } else if reason.chars().count() > REASON_MOST {
        Some("理由太长，请控制在 200 个字以内")
    } else {
        None
    };
    if let Some(message) = wrong {
        let mut page = dry_run(&app, &me, id).await?;
        page.errors.push(FieldError { field: "reason".to_owned(), message: message.to_owned() });
        page.reason = reason;
        return shell::refused(&app, &me, &req, "imports/undo.html", page);
    }
    let (own, scope, by) = (app.clone(), me.scope.clone(), me.by());
    let why = reason.clone();
    let done = web::block(move || undo::undo(&own, &scope, &by, id, &why))
        .await
        .map_err(AppError::broken)?;
    match done {
        Ok(Ok(())) => {
            runner::wake(&app, me.scope.own());
            shell::done(&app, &format!("/imports/{id}"), "这份表已整份撤销")
        }
        // Somebody was faster, or something stands on it by now: the page says what.
        Ok(Err(_)) | Err(AppError::Refused(_)) => {
            let mut page = dry_run(&app, &me, id).await?;
            page.reason = reason;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            shell::page_as(status, &app, &me, &req, "imports/undo.html", page)
        }
        Err(error) => Err(error),
    }
}
