//! `/admin/backups`: the copies there are, putting one of them back, and, after that, letting the
//! jobs and then the messages go on. Words for somebody who has never done it: anybody may read,
//! director and administrator act.

use actix_web::http::header::{HeaderValue, REFRESH};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{account, lost};
use crate::app::App;
use crate::base::dates::minute;
use crate::base::scope::Scope;
use crate::book::office;
use crate::book::staff::{self, Right};
use crate::clock::go_on;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::plumbing::outbox;
use crate::plumbing::restore::{self, Contents, Copy, PutBack, Restart};
use crate::plumbing::restored::{self, Restored};
use crate::web::fields::{self, At, Done, Fields, Form, FormPage, answer};
use crate::web::session::SignedIn;
use crate::web::shell;

/// What has to be typed before a copy is put back.
const WORD: &str = "恢复";

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    day: String,
    mb: u64,
}

/// What stands still since a copy was put back.
#[derive(Debug, Serialize)]
struct Held {
    copy: String,
    as_of: String,
    at: String,
    by_name: String,
    jobs_released: bool,
    messages: i64,
}

#[derive(Debug, Serialize)]
struct BackupsPage {
    folder: String,
    keys: String,
    postgres: bool,
    copies: Vec<Line>,
    /// Who may put one back: `吴主任（主任）`.
    who: Vec<String>,
    held: Option<Held>,
}

impl FormPage for BackupsPage {
    const TEMPLATE: &'static str = "desk/backups.html";
    const REFUSED_AT: &'static str = "messages";

    fn fields(&self) -> Fields {
        Fields::default().with("messages", "drop")
    }
}

fn held(db: &mut Db, restored: Restored) -> AppResult<Held> {
    let mut messages = 0;
    for office in office::all(db)? {
        messages += outbox::count_unsent(db, &Scope::of(&office.code))?;
    }
    Ok(Held {
        as_of: restored.as_of.map(minute).unwrap_or_default(),
        at: minute(restored.at),
        copy: restored.copy,
        by_name: restored.by_name,
        jobs_released: restored.jobs_released,
        messages,
    })
}

async fn backups_page(app: &App, me: &SignedIn) -> AppResult<BackupsPage> {
    let (folder, scope) = (app.config.backups(), me.scope.clone());
    let staff = app.read(move |db| staff::all(db, &scope)).await?;
    let who = staff.iter().filter(|one| one.active && one.role.may(Right::ManageOffice));
    let held = app.read(|db| restored::get(db)?.map(|restored| held(db, restored)).transpose());
    let line = |copy: Copy| Line {
        day: copy.day.to_string(),
        mb: copy.bytes.div_ceil(1_000_000),
        name: copy.name,
    };
    Ok(BackupsPage {
        who: who.map(|one| format!("{}（{}）", one.name, one.role.in_words())).collect(),
        held: held.await?,
        copies: restore::copies(&folder).into_iter().map(line).collect(),
        folder: folder.display().to_string(),
        keys: app.config.keys().display().to_string(),
        postgres: app.db.is_postgres(),
    })
}

/// `GET /admin/backups`
pub async fn list(app: web::Data<App>, me: SignedIn, req: HttpRequest) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &backups_page(&app, &me).await?)
}

#[derive(Debug, Serialize)]
struct RestorePage {
    name: String,
    day: String,
    offices: Vec<String>,
    files: i64,
    as_of: String,
    mb: u64,
    /// What was done since and is not in the copy: what, how much.
    lost: lost::AllLost,
    word: &'static str,
}

impl FormPage for RestorePage {
    const TEMPLATE: &'static str = "desk/restore.html";
    const REFUSED_AT: &'static str = "word";
}

fn copy_named(app: &App, name: &str) -> AppResult<Copy> {
    let found = restore::copies(&app.config.backups()).into_iter().find(|copy| copy.name == name);
    found.ok_or(AppError::NotFound)
}

async fn look_at(app: &App, name: &str) -> AppResult<(Copy, Contents)> {
    let (copy, sealer) = (copy_named(app, name)?, app.sealer.clone());
    let file = copy.file.clone();
    let looked = web::block(move || restore::look_at(&file, &sealer)).await;
    let contents = looked.map_err(|e| AppError::broken(format!("a look ended early: {e}")))??;
    Ok((copy, contents))
}

async fn restore_page(app: &App, me: &SignedIn, name: &str) -> AppResult<RestorePage> {
    let (copy, contents) = look_at(app, name).await?;
    let (scope, as_of) = (me.scope.clone(), contents.as_of);
    let lost = app.read(move |db| lost::since(db, &scope, as_of)).await?;
    Ok(RestorePage {
        name: copy.name,
        day: copy.day.to_string(),
        offices: contents.offices,
        files: contents.files,
        as_of: as_of.map(minute).unwrap_or_default(),
        mb: copy.bytes.div_ceil(1_000_000),
        lost,
        word: WORD,
    })
}

/// `GET /admin/backups/{name}`: what is in it, and what would be missing.
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    name: web::Path<String>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &restore_page(&app, &me, &name).await?)
}

/// `POST /admin/backups/{name}`: the program stops serving, puts the copy in place, serves again.
pub async fn put_back(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    name: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, Fields) = ((&app, &me, &req), form.0);
    let done = try_put_back(at, &name, &mut form).await;
    if done.is_err() {
        return answer(at, &form, done, restore_page(&app, &me, &name)).await;
    }
    let mut response = shell::page(&app, &me, &req, "desk/restoring.html", ())?;
    response.headers_mut().insert(REFRESH, HeaderValue::from_static("20; url=/login"));
    Ok(response)
}

async fn try_put_back((app, me, _): At<'_>, name: &str, form: &mut Fields) -> AppResult<Done> {
    if form.get("word") != WORD {
        form.reject("word", format!("请输入“{WORD}”两个字"));
    }
    form.check()?;
    // The demo runs once and ends; there is no service that would begin anew with the copy.
    if !app.demo.is_empty() {
        return Err(AppError::field(
            "word",
            "演示不能恢复备份，什么都没有改：正式安装以后在这里办",
        ));
    }
    let (copy, _) = look_at(app, name).await?;
    app.read(one_office).await?;
    let summary = format!("要恢复到备份 {}", copy.name);
    me.act(app, "restore asked for", move |act| account::audit(act, "restored", "备份", &summary))
        .await?;
    let restart = app.shared.get::<Restart>();
    restart.ask(PutBack { copy, by_name: me.name.clone() });
    Ok(Done::to("/admin/backups", ""))
}

/// `POST /admin/backups/jobs`: the jobs go on, messages are still held.
pub async fn release_jobs(
    app: web::Data<App>,
    me: SignedIn,
    _checked: Form,
) -> AppResult<HttpResponse> {
    me.act(&app, "restore: jobs go on", |act| {
        one_office(act.db)?;
        go_on::jobs(act)
    })
    .await?;
    shell::done(&app, "/admin/backups", "定时任务已经继续，错过的正在补上；消息还没有发送")
}

/// What one office decides would hold for the others.
fn one_office(db: &mut Db) -> AppResult<()> {
    match office::all(db)?.len() {
        0 | 1 => Ok(()),
        offices => Err(AppError::refused(format!(
            "这个数据库里有 {offices} 个中心，要一起恢复、一起放行，请管理员在服务器上用命令：\
             zhuxue restore --help"
        ))),
    }
}

/// `POST /admin/backups/messages`: ends it all. What waits is cancelled, or sent.
pub async fn release_messages(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, Fields) = ((&app, &me, &req), form.0);
    let choice = |text: &str| ["drop", "send"].into_iter().find(|one| *one == text);
    let choice = form.choice("messages", choice, "请选择等待的消息怎么办");
    let done = match form.check() {
        Ok(()) => end(at, choice == Some("drop")).await,
        Err(error) => Err(error),
    };
    answer(at, &form, done, backups_page(&app, &me)).await
}

async fn end((app, me, _): At<'_>, drop: bool) -> AppResult<Done> {
    go_on::caught_up(app)?;
    let sentence = me.act(app, "restore: messages go on", move |act| {
        one_office(act.db)?;
        go_on::messages(act, drop)
    });
    let sentence = sentence.await?;
    Ok(Done::to("/admin/backups", sentence))
}
