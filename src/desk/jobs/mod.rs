//! `/admin/jobs`: what happens by the clock: when it ran, what it did, when it runs next; paused
//! and resumed for the own office, or run now, by whoever manages the office. Every such step is
//! written into the history. What runs is decided in `plumbing/timetable/`.

pub mod retention;
mod view;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::book::audit_log::AuditEntry;
use crate::book::staff::Right;
use crate::clock::Timetable;
use crate::clock::pause::{self, Pause};
use crate::clock::{self, Planned};
use crate::error::{AppError, AppResult};
use crate::jobs;
use crate::web::fields::{self, At, Done, Fields, Form, answer};
use crate::web::route::{Entry, Needs, get, post};
use crate::web::session::SignedIn;
use crate::web::shell;

/// Runs shown on the page of one job.
const SHOWN: i64 = 60;

/// A run by hand is waited for this long; what takes longer is seen on the page when it ends.
const WAIT: Duration = Duration::from_secs(3);

/// Characters of a reason.
const REASON_CHARS: usize = 200;

/// The pages of the timetable.
pub fn routes() -> Vec<Entry> {
    let see = Needs::Right(Right::SeeHistory);
    let manage = Needs::Right(Right::ManageOffice);
    vec![
        get("/admin/jobs", see, list),
        get("/admin/retention", see, retentions),
        get("/admin/jobs/{name}", see, show),
        post("/admin/jobs/{name}/pause", manage, begin_pause),
        post("/admin/jobs/{name}/resume", manage, end_pause),
        post("/admin/jobs/{name}/run", manage, run),
    ]
}

async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    let (own, scope, now) = (app.clone(), me.scope.clone(), app.clock.now_at());
    let (lines, pauses) = app
        .read(move |db| Ok((clock::lines(&own, db, now)?, pause::of_offices(db, &scope)?)))
        .await?;
    let page = view::List::new(&lines, &pauses, now);
    shell::page(&app, &me, &req, "jobs/list.html", page)
}

/// `GET /admin/retention`: how long each record is there.
async fn retentions(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    std::future::ready(()).await;
    shell::page(&app, &me, &req, "jobs/retention.html", view::Retention::new())
}

fn planned(app: &App, name: &str) -> AppResult<Planned> {
    Timetable::of(app).find(name).cloned().ok_or(AppError::NotFound)
}

async fn one(app: &App, me: &SignedIn, name: &str) -> AppResult<view::One> {
    let planned = planned(app, name)?;
    let (own, scope, now) = (app.clone(), me.scope.clone(), app.clock.now_at());
    let job = planned.job.name;
    let (lines, pauses, runs) = app
        .read(move |db| {
            Ok((
                clock::lines(&own, db, now)?,
                pause::of_offices(db, &scope)?,
                clock::runs_of(db, job, SHOWN)?,
            ))
        })
        .await?;
    let line = lines.iter().find(|line| line.planned.job.name == job).ok_or(AppError::NotFound)?;
    Ok(view::One::new(line, pauses.get(job), &runs, now))
}

async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    name: web::Path<String>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &one(&app, &me, &name).await?)
}

async fn begin_pause(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    name: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let at: At<'_> = (&app, &me, &req);
    let done = try_pause(at, &name, &form.0).await;
    answer(at, &form.0, done, one(&app, &me, &name)).await
}

async fn try_pause((app, me, _): At<'_>, name: &str, form: &Fields) -> AppResult<Done> {
    let job = planned(app, name)?.job;
    if !jobs::can_be_paused(&job) {
        let why = format!("“{}”维护账目和数据，不能暂停", job.words);
        return Err(AppError::refused(why));
    }
    let reason = form.get("reason").to_owned();
    if reason.is_empty() {
        return Err(AppError::field("reason", "请写明为什么暂停，以后查得到"));
    }
    if reason.chars().count() > REASON_CHARS {
        return Err(AppError::field("reason", "原因太长，请控制在 200 个字以内"));
    }
    me.act(app, "job paused", move |act| {
        let pause = Pause {
            office_code: act.by.office_code.clone(),
            job: job.name.to_owned(),
            since: act.now,
            by_name: act.by.name.clone(),
            reason: reason.clone(),
        };
        if !pause::begin(act.db, &pause)? {
            return Ok(());
        }
        let note = AuditEntry {
            action: "job_paused",
            subject: job.words.to_owned(),
            summary: format!("暂停定时任务“{}”", job.words),
            reason: reason.clone(),
            ..AuditEntry::default()
        };
        act.audit(note)
    })
    .await?;
    let page = format!("/admin/jobs/{}", shell::encoded(name));
    Ok(Done::to(page, format!("已暂停“{}”", job.words)))
}

async fn end_pause(
    app: web::Data<App>,
    me: SignedIn,
    name: web::Path<String>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let job = planned(&app, &name)?.job;
    me.act(&app, "job resumed", move |act| {
        if !pause::end(act.db, &act.by.office_code, job.name)? {
            return Ok(());
        }
        let note = AuditEntry::of("job_resumed", job.words, format!("恢复定时任务“{}”", job.words));
        act.audit(note)
    })
    .await?;
    let page_of = format!("/admin/jobs/{}", job.name);
    shell::done(&app, &page_of, &format!("已恢复“{}”，从下一次起照常运行", job.words))
}

async fn run(
    app: web::Data<App>,
    me: SignedIn,
    name: web::Path<String>,
    _form: Form,
) -> AppResult<HttpResponse> {
    let job = planned(&app, &name)?.job;
    let (own, by, today) = (app.get_ref().clone(), me.by(), app.clock.today());
    // Goes on behind the page when it takes long: its end is kept in its row.
    let work = actix_web::rt::spawn(actix_web::web::block(move || {
        clock::run_now(&own, job.name, today, &by)
    }));
    let message = match tokio::time::timeout(WAIT, work).await {
        Err(_) => format!("“{}”正在运行，过一会儿刷新本页看结果", job.words),
        // It began by itself since the page was read: the page shows how far it is.
        Ok(Ok(Ok(Err(AppError::TooBusy(why))))) => why,
        Ok(Ok(Ok(ended))) => match ended?.outcome {
            Ok(_) => format!("“{}”运行完了", job.words),
            Err(_) => format!("“{}”失败，原因在下面", job.words),
        },
        Ok(_) => return Err(AppError::broken("a run by hand ended early")),
    };
    shell::done(&app, &format!("/admin/jobs/{}", job.name), &message)
}
