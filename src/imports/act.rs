//! What can be done with an import: post, go on, stop, check anew, put away, say the day.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::store::{self, ImportJob};
use super::{batch, findings, profile, runner, web as pages};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::book::history::{self, AuditEntry};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::db::Db;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// A form without fields of its own.
type NoFields = CsrfForm<Vec<(String, String)>>;

/// Imports of the same upload that are posted along, before `job`, in their order.
pub(super) fn before<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let ready = |other: &&ImportJob| matches!(other.state.as_str(), "checked" | "stopped");
    needed(job, siblings).into_iter().filter(ready).collect()
}

/// Imports of the same upload that `job` needs and that are not checked yet, or cannot be.
pub(super) fn unchecked<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let not_yet =
        |other: &&ImportJob| matches!(other.state.as_str(), "uploaded" | "checking" | "failed");
    needed(job, siblings).into_iter().filter(not_yet).collect()
}

fn needed<'a>(job: &ImportJob, siblings: &'a [ImportJob]) -> Vec<&'a ImportJob> {
    let mut found: Vec<&ImportJob> =
        siblings.iter().filter(|other| batch::needs(job, other)).collect();
    found.sort_by_key(|other| batch::order_of(other));
    found
}

/// What is written down about an import.
struct ImportEntry {
    action: &'static str,
    subject: String,
    summary: String,
}

fn tell(
    app: &App,
    me: &SignedIn,
    told: ImportEntry,
) -> impl FnMut(&mut Db) -> AppResult<()> + use<> {
    let (by, id, at) = (me.by(), app.next_id(), app.clock.now_at());
    move |db| {
        let note = AuditEntry {
            action: told.action,
            subject: told.subject.clone(),
            summary: told.summary.clone(),
            ..AuditEntry::default()
        };
        history::note(db, &by, id, at, note)
    }
}

fn to(id: ImportId) -> String {
    format!("/imports/{id}")
}

/// Puts these in line for posting. Refused as [`AppError::Changed`] when somebody was faster.
async fn queue(app: &App, me: &SignedIn, jobs: Vec<ImportJob>) -> AppResult<()> {
    let (scope, now) = (me.scope.clone(), app.clock.now_at());
    let names: Vec<&str> = jobs.iter().map(|job| job.file_name.as_str()).collect();
    let mut told = tell(
        app,
        me,
        ImportEntry {
            action: "imported",
            subject: names.first().copied().unwrap_or_default().to_owned(),
            summary: format!("交付入账：{}", names.join("、")),
        },
    );
    let ids: Vec<ImportId> = jobs.iter().map(|job| job.id).collect();
    app.write("import queue", move |db| {
        for id in &ids {
            if !store::enqueue(db, &scope, *id, &["checked", "stopped"], "posting", now)? {
                return Err(AppError::Changed);
            }
        }
        told(db)
    })
    .await?;
    runner::wake(app, me.scope.own());
    Ok(())
}

/// `POST /imports/{id}/post`: posts, or goes on; with it what has to be posted before.
pub async fn post(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    _form: NoFields,
) -> AppResult<HttpResponse> {
    let (id, scope) = (*id, me.scope.clone());
    let (job, siblings) = app
        .read(move |db| {
            let job = store::find(db, &scope, id)?;
            let siblings = store::siblings(db, &scope, &job)?;
            Ok((job, siblings))
        })
        .await?;
    if let Some(other) = unchecked(&job, &siblings).first() {
        let name = &other.file_name;
        let message = match other.state.as_str() {
            "failed" => format!("“{name}”没有成功，先打开它重新核对，或者放弃它"),
            _ => format!("先要核对“{name}”，核对完再入账这份表"),
        };
        let error = FieldError { field: "post".to_owned(), message };
        return pages::show_again(&app, &me, &req, id, "", error).await;
    }
    let mut all: Vec<ImportJob> = before(&job, &siblings).into_iter().cloned().collect();
    all.push(job);
    if let Some(other) = all.iter().find(|job| findings::waits(job)) {
        let message = format!("“{}”有要先确认的地方，确认以后再入账", other.file_name);
        let error = FieldError { field: "confirm".to_owned(), message };
        return pages::show_again(&app, &me, &req, id, "", error).await;
    }
    queue(&app, &me, all).await?;
    shell::done(&app, &to(id), "开始入账，可以离开本页")
}

/// `POST /imports/post`: posts everything of the office that is checked or was stopped.
pub async fn post_all(
    app: web::Data<App>,
    me: SignedIn,
    _form: NoFields,
) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let mut jobs =
        app.read(move |db| store::in_states(db, &scope, &["checked", "stopped"])).await?;
    if jobs.is_empty() {
        return shell::done(&app, "/imports", "没有等待入账的导入");
    }
    let before = jobs.len();
    jobs.retain(|job| !findings::waits(job));
    let left = before - jobs.len();
    if jobs.is_empty() {
        let note = format!("{left} 份都有要先确认的地方，打开它确认以后再入账");
        return shell::done(&app, "/imports", &note);
    }
    jobs.sort_by_key(batch::order_of);
    let mut note = format!("{} 份开始入账，可以离开本页", jobs.len());
    if left > 0 {
        note.push_str(&format!("；{left} 份有要先确认的地方，没有入账"));
    }
    queue(&app, &me, jobs).await?;
    shell::done(&app, "/imports", &note)
}

/// `POST /imports/{id}/stop`: after the lines it is at.
pub async fn stop(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    _form: NoFields,
) -> AppResult<HttpResponse> {
    let (id, scope, now) = (*id, me.scope.clone(), app.clock.now_at());
    let inner = scope.clone();
    let job = app.read(move |db| store::find(db, &inner, id)).await?;
    if !matches!(job.state.as_str(), "checking" | "posting") {
        return shell::done(&app, &to(id), "已经做完，没有可停的");
    }
    let summary = format!("停止“{}”，已处理 {} 行", job.file_name, job.rows_done);
    let told = ImportEntry { action: "import_stopped", subject: job.file_name, summary };
    let mut told = tell(&app, &me, told);
    app.write("import stop", move |db| {
        if !store::dequeue(db, &scope, id, now)? {
            store::ask_to_stop(db, &scope, id)?;
        }
        told(db)
    })
    .await?;
    shell::done(&app, &to(id), "做完手上几行就停下")
}

/// `POST /imports/{id}/check`: checks anew what was stopped or failed.
pub async fn check(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    _form: NoFields,
) -> AppResult<HttpResponse> {
    let (id, scope, now) = (*id, me.scope.clone(), app.clock.now_at());
    app.write("import queue", move |db| {
        let from = ["uploaded", "checked", "failed"];
        if store::enqueue(db, &scope, id, &from, "checking", now)? {
            Ok(())
        } else {
            store::find(db, &scope, id).and(Err(AppError::Changed))
        }
    })
    .await?;
    runner::wake(&app, me.scope.own());
    shell::done(&app, &to(id), "")
}

/// `POST /imports/{id}/drop`: puts away what has posted nothing; its file is gone. What needs it
/// is checked anew.
pub async fn drop(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    _form: NoFields,
) -> AppResult<HttpResponse> {
    let (id, scope, now) = (*id, me.scope.clone(), app.clock.now_at());
    let inner = scope.clone();
    let job = app.read(move |db| store::find(db, &inner, id)).await?;
    let note = format!("“{}”已放弃，没有入账", job.file_name);
    let summary = format!("放弃导入“{}”，没有入账", job.file_name);
    let told = ImportEntry { action: "import_stopped", subject: job.file_name, summary };
    let mut told = tell(&app, &me, told);
    app.write("import drop", move |db| {
        let job = store::find(db, &scope, id)?;
        if !matches!(job.state.as_str(), "uploaded" | "checked" | "failed") {
            return Err(AppError::Changed);
        }
        store::drop_job(db, &scope, id)?;
        batch::check_anew_without(db, &scope, &job, now)?;
        told(db)
    })
    .await?;
    runner::wake(&app, me.scope.own());
    shell::done(&app, "/imports", &note)
}

/// What somebody has seen and confirms.
#[derive(Debug, Deserialize)]
pub struct Confirmed {
    seen: String,
}

/// `POST /imports/{id}/confirm`: what is out of the ordinary has been seen, and is right.
pub async fn confirm(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    form: CsrfForm<Confirmed>,
) -> AppResult<HttpResponse> {
    let (id, scope, seen) = (*id, me.scope.clone(), form.0.seen);
    let inner = scope.clone();
    let job = app.read(move |db| store::find(db, &inner, id)).await?;
    if profile::key_of(&job.findings) != seen {
        return Err(AppError::Changed);
    }
    let found: Vec<String> =
        findings::from_text(&job.findings).into_iter().map(|one| one.text).collect();
    let summary = format!("确认“{}”：{}", job.file_name, found.join(" "));
    let told = ImportEntry { action: "imported", subject: job.file_name, summary };
    let (mut told, findings) = (tell(&app, &me, told), job.findings);
    app.write("import confirm", move |db| {
        if !store::confirm(db, &scope, id, &findings)? {
            return Err(AppError::Changed);
        }
        told(db)
    })
    .await?;
    shell::done(&app, &to(id), "已确认，可以入账了")
}

/// The day of the balances.
#[derive(Debug, Deserialize)]
pub struct AsOf {
    as_of: String,
}

/// `POST /imports/{id}/as-of`: of which day the balances are; then everything is checked anew.
pub async fn as_of(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    form: CsrfForm<AsOf>,
) -> AppResult<HttpResponse> {
    let (id, typed) = (*id, form.0.as_of.trim().to_owned());
    let day = match pages::read_day(&typed, app.clock.today()) {
        Ok(Some(day)) => day,
        Ok(None) => {
            let message = "请填写余额截止日期，银行文件的标题里一般有".to_owned();
            let error = FieldError { field: "as_of".to_owned(), message };
            return pages::show_again(&app, &me, &req, id, &typed, error).await;
        }
        Err(error) => return pages::show_again(&app, &me, &req, id, &typed, error).await,
    };
    let (scope, now) = (me.scope.clone(), app.clock.now_at());
    app.write("import day", move |db| {
        let from = ["uploaded", "checked", "failed"];
        if !store::enqueue(db, &scope, id, &from, "checking", now)? {
            return store::find(db, &scope, id).and(Err(AppError::Changed));
        }
        store::set_as_of(db, &scope, id, day)
    })
    .await?;
    runner::wake(&app, me.scope.own());
    shell::done(&app, &to(id), "截止日期已记下，正在重新核对")
}
