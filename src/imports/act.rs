//! What can be done with an import: post, go on, stop, check anew, put away, say the day.

use actix_web::{HttpRequest, HttpResponse, web};

use super::store::{self, ImportJob};
use super::{batch, findings, order, profile, queue, web as pages};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::fields::Form;
use crate::web::session::SignedIn;
use crate::web::shell;

fn to(id: ImportId) -> String {
    format!("/imports/{id}")
}

/// Puts these in line for posting. Refused as [`AppError::Changed`] when somebody was faster.
async fn queue(app: &App, me: &SignedIn, jobs: Vec<ImportJob>) -> AppResult<()> {
    let names: Vec<&str> = jobs.iter().map(|job| job.file_name.as_str()).collect();
    let first = names.first().copied().unwrap_or_default();
    let note = AuditEntry::of("imported", first, format!("交付入账：{}", names.join("、")));
    let ids: Vec<ImportId> = jobs.iter().map(|job| job.id).collect();
    me.act(app, "import queue", move |act| {
        for id in &ids {
            let from = ["checked", "stopped"];
            if !store::enqueue(act.db, act.scope, *id, &from, "posting", act.now)? {
                return Err(AppError::Changed);
            }
        }
        act.audit(note.clone())
    })
    .await?;
    queue::wake(app, me.scope.own());
    Ok(())
}

/// `POST /imports/{id}/post`: posts, or goes on; with it what has to be posted before.
pub async fn post(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let (id, scope) = (*id, me.scope.clone());
    let (job, siblings) = app
        .read(move |db| {
            let job = store::find(db, &scope, id)?;
            let siblings = store::siblings(db, &scope, &job)?;
            Ok((job, siblings))
        })
        .await?;
    if let Some(other) = order::unchecked(&job, &siblings).first() {
        let name = &other.file_name;
        let message = match other.state.as_str() {
            "failed" => format!("“{name}”没有成功，先打开它重新核对，或者放弃它"),
            _ => format!("先要核对“{name}”，核对完再入账这份表"),
        };
        let error = FieldError { field: "post".to_owned(), message };
        return pages::show_again(&app, &me, &req, id, "", error).await;
    }
    let mut all: Vec<ImportJob> = order::before(&job, &siblings).into_iter().cloned().collect();
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
pub async fn post_all(app: web::Data<App>, me: SignedIn, _form: Form) -> AppResult<HttpResponse> {
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
    jobs.sort_by_key(order::order_of);
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
    _form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    let message = me.act(&app, "import stop", move |act| {
        let job = store::find(act.db, act.scope, id)?;
        if !matches!(job.state.as_str(), "checking" | "posting") {
            return Ok("已经做完，没有可停的");
        }
        if !store::dequeue(act.db, act.scope, id, act.now)? {
            store::ask_to_stop(act.db, act.scope, id)?;
        }
        let summary = format!("停止“{}”，已处理 {} 行", job.file_name, job.rows_done);
        act.audit(AuditEntry::of("import_stopped", &job.file_name, summary))?;
        Ok("做完手上几行就停下")
    });
    shell::done(&app, &to(id), message.await?)
}

/// Puts one in line for a check; it is nobody's history until it is posted.
fn check_anew(act: &mut Act<'_>, id: ImportId) -> AppResult<()> {
    act.needs_no_audit("a check changes nothing");
    let from = ["uploaded", "checked", "failed"];
    if store::enqueue(act.db, act.scope, id, &from, "checking", act.now)? {
        return Ok(());
    }
    store::find(act.db, act.scope, id).and(Err(AppError::Changed))
}

/// `POST /imports/{id}/check`: checks anew what was stopped or failed.
pub async fn check(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    me.act(&app, "import queue", move |act| check_anew(act, id)).await?;
    queue::wake(&app, me.scope.own());
    shell::done(&app, &to(id), "")
}

/// `POST /imports/{id}/drop`: puts away what has posted nothing; its file is gone. What needs it
/// is checked anew.
pub async fn drop(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    let name = me.act(&app, "import drop", move |act| {
        let job = store::find(act.db, act.scope, id)?;
        if !matches!(job.state.as_str(), "uploaded" | "checked" | "failed") {
            return Err(AppError::Changed);
        }
        store::drop_job(act.db, act.scope, id)?;
        batch::check_anew_without(act.db, act.scope, &job, act.now)?;
        let summary = format!("放弃导入“{}”，没有入账", job.file_name);
        act.audit(AuditEntry::of("import_stopped", &job.file_name, summary))?;
        Ok(job.file_name)
    });
    let message = format!("“{}”已放弃，没有入账", name.await?);
    queue::wake(&app, me.scope.own());
    shell::done(&app, "/imports", &message)
}

/// `POST /imports/{id}/confirm`: what is out of the ordinary has been seen, and is right.
pub async fn confirm(
    app: web::Data<App>,
    me: SignedIn,
    id: web::Path<ImportId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    me.act(&app, "import confirm", move |act| {
        let job = store::find(act.db, act.scope, id)?;
        let is_seen = profile::key_of(&job.findings) == form.0.get("seen");
        if !is_seen || !store::confirm(act.db, act.scope, id, &job.findings)? {
            return Err(AppError::Changed);
        }
        let found: Vec<String> =
            findings::from_text(&job.findings).into_iter().map(|one| one.text).collect();
        let summary = format!("确认“{}”：{}", job.file_name, found.join(" "));
        act.audit(AuditEntry::of("imported", &job.file_name, summary))
    })
    .await?;
    shell::done(&app, &to(id), "已确认，可以入账了")
}

/// `POST /imports/{id}/as-of`: of which day the balances are; then everything is checked anew.
pub async fn as_of(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, typed) = (*id, form.0.get("as_of"));
    let day = match pages::read_day(typed, app.clock.today()) {
        Ok(Some(day)) => day,
        Ok(None) => {
            let message = "请填写余额截止日期，银行文件的标题里一般有".to_owned();
            let error = FieldError { field: "as_of".to_owned(), message };
            return pages::show_again(&app, &me, &req, id, typed, error).await;
        }
        Err(error) => return pages::show_again(&app, &me, &req, id, typed, error).await,
    };
    me.act(&app, "import day", move |act| {
        check_anew(act, id)?;
        store::set_as_of(act.db, act.scope, id, day)
    })
    .await?;
    queue::wake(&app, me.scope.own());
    shell::done(&app, &to(id), "截止日期已记下，正在重新核对")
}
