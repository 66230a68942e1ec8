//! 导入与批处理: the list, the form that takes files, and the page of one import.

use std::collections::{HashMap, HashSet};

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::batch::{self, Batch, Upload};
use super::pages::{self, JobLine, JobPage, ListPage, NewPage, RowLine, Sibling};
use super::store::{self, ImportJob};
use super::{findings, kinds, order, profile, queue, read};
use crate::app::App;
use crate::base::dates::{DAY_OUTSIDE, is_outside, typed_day};
use crate::base::ids::{ImportId, StaffId};
use crate::base::scope::Scope;
use crate::base::url::link;
use crate::book::staff;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult, FieldError};
use crate::imports::layout::Layout;
use crate::plumbing::db::Db;
use crate::web::session::SignedIn;
use crate::web::{form, shell, upload};

/// Imports on a page of the list.
const JOBS: i64 = 20;
/// Lines on a page of an import.
const ROWS: i64 = 100;

/// Where the list begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageParams {
    before: String,
}

fn names(db: &mut Db, scope: &Scope) -> AppResult<HashMap<StaffId, String>> {
    Ok(staff::all(db, scope)?.into_iter().map(|one| (one.id, one.name)).collect())
}

pub(super) async fn list(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let before = params.before.parse::<i64>().ok().map(ImportId::new);
    let scope = me.scope.clone();
    let (mut jobs, ready, open, names) = app
        .read(move |db| {
            let jobs = store::list(db, &scope, before, JOBS + 1)?;
            let ready = store::in_states(db, &scope, &["checked", "stopped"])?;
            Ok((jobs, ready, store::open_jobs(db, &scope)?, names(db, &scope)?))
        })
        .await?;
    let size = usize::try_from(JOBS).unwrap_or(20);
    let more = jobs.len() > size;
    jobs.truncate(size);
    let last = jobs.last().filter(|_| more).map(|job| job.id.to_string());
    // The same sheet uploaded twice brings its lines once.
    let mut seen = HashSet::new();
    let once: Vec<&ImportJob> = ready
        .iter()
        .filter(|job| seen.insert((&job.content_hash, &job.sheet_name, &job.layout)))
        .collect();
    let sum = |of: fn(&ImportJob) -> i32| once.iter().map(|job| of(job)).sum();
    let rows: Vec<JobLine> = jobs.iter().map(|job| JobLine::among(job, &names, &open)).collect();
    let page = ListPage {
        // One that waits for a person does not keep the buttons away that end the waiting.
        running: rows.iter().any(|row| row.running && row.waits.is_empty()),
        rows,
        first: before.map(|_| "/imports".to_owned()),
        next: last.map(|id| link("/imports", &[("before", &id)])),
        ready: ready.len(),
        ready_new: sum(|job| job.new_rows),
        ready_changed: sum(|job| job.changed_rows),
        ready_refused: sum(|job| job.refused_rows),
        ready_twice: Layout::ALL
            .into_iter()
            .filter(|layout| once.iter().filter(|job| job.layout == layout.as_text()).count() > 1)
            .map(Layout::short_title)
            .collect(),
        layouts: pages::layouts(),
    };
    shell::page(&app, &me, &req, "imports/list.html", page)
}

fn new_page(app: &App, as_of: &str, product: &str) -> NewPage {
    NewPage {
        as_of: as_of.to_owned(),
        product: if product.is_empty() { "cdb" } else { product }.to_owned(),
        upload_mb: app.config.upload_mb,
        layouts: pages::layouts(),
        errors: Vec::new(),
        taken: Vec::new(),
    }
}

pub(super) async fn new(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
) -> AppResult<HttpResponse> {
    // Nothing is asked of the database; the await keeps every handler of one shape.
    std::future::ready(shell::page(&app, &me, &req, "imports/new.html", new_page(&app, "", "")))
        .await
}

pub(super) async fn create(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let form = upload::read(&req, &me, payload, app.config.upload_mb).await?;
    let (as_of, product) = (form.fields.get("as_of").trim(), form.fields.get("product"));
    let mut page = new_page(&app, as_of, product);
    let day = read_day(as_of, app.clock.today());
    page.errors.extend(form.problem(app.config.upload_mb));
    page.errors.extend(day.as_ref().err().cloned());
    if form.files.is_empty() && !form.too_large {
        page.errors.push(FieldError {
            field: "files".to_owned(),
            message: "还没有选择文件，请选择一份或几份 Excel 或 CSV 文件".to_owned(),
        });
    }
    let product = Product::from_text(product).unwrap_or(Product::Cdb);
    let (true, Ok(day)) = (page.errors.is_empty(), day) else {
        return shell::refused(&app, &me, &req, "imports/new.html", page);
    };
    let uploads = form.files.into_iter().map(|f| Upload { name: f.name, bytes: f.bytes }).collect();
    let batch = take_in(&app, &me, uploads, day, product).await?;
    if batch.refused.is_empty() {
        return match (batch.jobs.as_slice(), batch.asks.as_slice()) {
            ([only], []) => shell::done(&app, &format!("/imports/{only}"), "文件已收下，正在核对"),
            ([], [only]) => {
                let note = "文件已收下，请先选定这是哪一种表";
                shell::done(&app, &format!("/imports/{only}/columns"), note)
            }
            (jobs, []) => {
                let note = format!("收下 {} 份表，正在核对", jobs.len());
                shell::done(&app, "/imports", &note)
            }
            (jobs, asks) => {
                let (jobs, asks) = (jobs.len(), asks.len());
                let note = format!("收下 {jobs} 份表，正在核对；{asks} 份要先选定种类和列");
                shell::done(&app, "/imports", &note)
            }
        };
    }
    page.errors = batch
        .refused
        .iter()
        .map(|(name, why)| FieldError {
            field: "files".to_owned(),
            message: format!("“{name}”没有收下：{why}"),
        })
        .collect();
    let (scope, mut ids) = (me.scope.clone(), batch.jobs);
    ids.extend(batch.asks);
    page.taken = app
        .read(move |db| {
            let names = names(db, &scope)?;
            let jobs = ids.iter().map(|id| store::find(db, &scope, *id));
            Ok(jobs
                .collect::<AppResult<Vec<_>>>()?
                .iter()
                .map(|j| JobLine::new(j, &names))
                .collect())
        })
        .await?;
    shell::refused(&app, &me, &req, "imports/new.html", page)
}

/// Reads and stores the files, off the worker, and has them checked.
async fn take_in(
    app: &App,
    me: &SignedIn,
    uploads: Vec<Upload>,
    as_of: Option<NaiveDate>,
    product: Product,
) -> AppResult<Batch> {
    let (own, scope, by) = (app.clone(), me.scope.clone(), me.by());
    let batch = web::block(move || {
        let mut batch = batch::receive_files(&own, &scope, &by, &uploads, as_of, product)?;
        batch::refuse_other_day(&own, &scope, &mut batch, as_of)?;
        crate::book::act::run(&own, (&by, &scope), "import queue", |act| {
            act.needs_no_audit("each file has its line already");
            // What waits already may be the same sheet, or need one of these.
            store::check_anew(act.db, &scope, act.now)?;
            for id in &batch.jobs {
                store::enqueue(act.db, &scope, *id, &["uploaded"], "checking", act.now)?;
            }
            Ok(())
        })?;
        Ok::<_, AppError>(batch)
    })
    .await
    .map_err(AppError::broken)??;
    queue::wake(app, me.scope.own());
    Ok(batch)
}

/// The day of the balances as typed; blank is none.
pub(super) fn read_day(text: &str, today: NaiveDate) -> Result<Option<NaiveDate>, FieldError> {
    let wrong =
        |message: &str| FieldError { field: "as_of".to_owned(), message: message.to_owned() };
    if text.is_empty() {
        return Ok(None);
    }
    match typed_day(text) {
        Some(day) if day > today => Err(wrong("余额截止日期不能晚于今天，请对照银行文件改正")),
        Some(day) => Ok(Some(day)),
        None if is_outside(text) => Err(wrong(DAY_OUTSIDE)),
        None => Err(wrong("余额截止日期请写成 2026-10-31 这样")),
    }
}

/// Which lines of an import are asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lines {
    show: String,
    after: String,
}

pub(super) async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    id: web::Path<ImportId>,
    lines: web::Query<Lines>,
) -> AppResult<HttpResponse> {
    let page = job_page(&app, &me, *id, lines.into_inner()).await?;
    if form::is_part(&req) {
        return shell::part(&app, &me, &req, "imports/_job.html", page);
    }
    shell::page(&app, &me, &req, "imports/show.html", page)
}

/// The page of an import once more, with what was typed and what is wrong with it.
pub(super) async fn show_again(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    id: ImportId,
    typed: &str,
    error: FieldError,
) -> AppResult<HttpResponse> {
    let mut page = job_page(app, me, id, Lines::default()).await?;
    page.as_of = typed.to_owned();
    page.asks_as_of |= error.field == "as_of";
    page.errors.push(error);
    shell::page_as(StatusCode::UNPROCESSABLE_ENTITY, app, me, req, "imports/show.html", page)
}

async fn job_page(app: &App, me: &SignedIn, id: ImportId, params: Lines) -> AppResult<JobPage> {
    let scope = me.scope.clone();
    app.read(move |db| {
        let job = store::find(db, &scope, id)?;
        if job.state == "dropped" {
            return Err(AppError::NotFound);
        }
        let (warned, noted) = (store::count_warned(db, id)?, store::count_noted(db, id)?);
        let shown = pages::shown(&job, warned, &params.show);
        let after = params.after.parse::<i32>().unwrap_or(0);
        let outcome = Some(shown).filter(|shown| !shown.is_empty());
        let mut rows = store::rows(db, id, outcome, after, ROWS + 1)?;
        let size = usize::try_from(ROWS).unwrap_or(100);
        let more = rows.len() > size;
        rows.truncate(size);
        let names = names(db, &scope)?;
        let siblings = store::siblings(db, &scope, &job)?;
        let open = store::open_jobs(db, &scope)?;
        Ok(page_of(&job, rows, more, &names, (warned, noted), (&siblings, &open), shown, after))
    })
    .await
}

#[expect(clippy::too_many_arguments, reason = "what one read found, put together once")]
fn page_of(
    job: &ImportJob,
    rows: Vec<store::ImportRow>,
    more: bool,
    names: &HashMap<StaffId, String>,
    noted: (i64, i64),
    (siblings, open): (&[ImportJob], &[ImportJob]),
    shown: &str,
    after: i32,
) -> JobPage {
    let path = format!("/imports/{}", job.id);
    let show = if shown.is_empty() { "all" } else { shown };
    let at = |line: i32| link(&path, &[("show", show), ("after", &line.to_string())]);
    let last = rows.last().filter(|_| more).map(|row| row.line);
    let name_of = |jobs: Vec<&ImportJob>| jobs.iter().map(|job| job.file_name.clone()).collect();
    let columns = read::Columns::from_text(&job.bindings);
    let found = findings::from_text(&job.findings);
    let idle = matches!(job.state.as_str(), "uploaded" | "checked" | "failed");
    JobPage {
        job: JobLine::among(job, names, open),
        state: job.state.clone(),
        steps: pages::steps(job),
        filters: pages::filters(job, noted, shown),
        rows: rows.into_iter().map(|row| RowLine::of(job, row)).collect(),
        here: at(after),
        first: (after > 0).then(|| link(&path, &[("show", show)])),
        next: last.map(at),
        siblings: siblings
            .iter()
            .filter(|other| other.id != job.id)
            .map(|other| Sibling {
                job: JobLine::among(other, names, open),
                before: order::needs(job, other),
            })
            .collect(),
        before: name_of(order::before(job, siblings)),
        waits_for: name_of(order::unchecked(job, siblings)),
        findings: found.into_iter().map(|one| (one.stops, one.text)).collect(),
        once: findings::says(job, findings::About::Once),
        waits: findings::waits(job) && job.state != "posted",
        seen: profile::key_of(&job.findings),
        bound: columns.bound,
        unread: columns.unread,
        absent: columns.absent,
        asks_as_of: kinds::has_balances(&job.layout) && idle && job.as_of.is_none(),
        as_of: String::new(),
        errors: Vec::new(),
    }
}
