//! Drives an import: check, post, go on where it was stopped or killed.
//!
//! Whoever runs an import holds its lease and renews it with every chunk; when the holder dies
//! the lease runs out and another instance (or the next start) takes the import up again. Rows
//! are marked posted in the write that posts them, so nothing is posted twice.

use std::collections::HashSet;

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use crate::app::App;
use crate::book::history::{self, By};
use crate::book::ids::{ImportId, StaffId};
use crate::book::office::{self, Office, Scope};
use crate::book::statement::Product;
use crate::desk::imports::{Layout, Limits};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::schema::staff;
use crate::plumbing::sheet::SheetLimits;

use super::facts;
use super::plan::{Companions, Decided, Outcome, Plan, Setting};
use super::read::{self, ReadLine};
use super::store::{self, ImportJob, ImportRow};

/// How many lines are decided and written together.
const CHUNK: usize = 400;
/// How long a holder may be silent before another may take over.
const LEASE_S: i64 = 15;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Every line was done.
    Done,
    /// Somebody asked to stop.
    Stopped,
    /// The program stops; whoever starts next goes on.
    Paused,
}

/// What an import is run with.
struct Running {
    job: ImportJob,
    office: Office,
    scope: Scope,
    by: By,
    layout: Layout,
    product: Product,
    lines: Vec<ReadLine>,
}

/// Checks an import: a dry run that stores nothing but what each row would come to.
pub fn check(app: &App, id: ImportId, scope: &Scope, companions: &Companions) -> AppResult<()> {
    let from = ["uploaded", "checking", "checked", "failed"];
    let Some(mut running) = take(app, id, scope, &from, "checking")? else { return Ok(()) };
    let lines = std::mem::take(&mut running.lines);
    running.job.rows_total = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    running.job.rows_done = 0;
    let checked = check_lines(app, &mut running, &lines, companions);
    finish(app, running, checked, "checked")
}

fn check_lines(
    app: &App,
    running: &mut Running,
    lines: &[ReadLine],
    companions: &Companions,
) -> AppResult<End> {
    for chunk in lines.chunks(CHUNK) {
        let now = app.clock.now_at();
        let decided = {
            let set = setting(app, running, companions, now);
            let chunk: Vec<&ReadLine> = chunk.iter().collect();
            app.db.read(|db| {
                let facts = facts::load(db, set.scope, set.sealer, running.layout, &chunk)?;
                let mut plan = Plan::new(&set, facts);
                Ok(chunk.iter().map(|line| plan.line(line)).collect::<Vec<Decided>>())
            })?
        };
        running.job.rows_done += i32::try_from(chunk.len()).unwrap_or(i32::MAX);
        renew(&mut running.job, now);
        let (rows, job) = (rows_of(running.job.id, &decided, false), &running.job);
        let stop = app.db.write("import check", |db| {
            store::put_rows(db, &rows)?;
            store::save(db, job)?;
            store::is_stop_wanted(db, job.id)
        })?;
        if stop {
            return Ok(End::Stopped);
        }
        if app.imports.is_stopping() {
            return Ok(End::Paused);
        }
    }
    Ok(End::Done)
}

/// Posts an import that was checked, or goes on with one that was stopped or abandoned.
pub fn post(app: &App, id: ImportId, scope: &Scope, companions: &Companions) -> AppResult<()> {
    let from = ["checked", "stopped", "posting"];
    let Some(mut running) = take(app, id, scope, &from, "posting")? else { return Ok(()) };
    let done: HashSet<i32> = app.db.read(|db| store::posted_lines(db, id))?.into_iter().collect();
    let mut lines = std::mem::take(&mut running.lines);
    running.job.rows_total = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    lines.retain(|line| !done.contains(&i32::try_from(line.line).unwrap_or(i32::MAX)));
    let left = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    running.job.rows_done = running.job.rows_total - left;
    let posted = post_lines(app, &mut running, &lines, companions);
    app.counts.forget();
    app.db.learn_sizes();
    finish(app, running, posted, "posted")
}

fn post_lines(
    app: &App,
    running: &mut Running,
    lines: &[ReadLine],
    companions: &Companions,
) -> AppResult<End> {
    for chunk in lines.chunks(CHUNK) {
        let whole: Vec<&ReadLine> = chunk.iter().collect();
        match post_chunk(app, running, &whole, companions) {
            Ok(true) => {}
            Ok(false) => return Ok(End::Stopped),
            Err(AppError::TooBusy(what)) => return Err(AppError::TooBusy(what)),
            Err(error) if whole.len() > 1 => {
                tracing::warn!(import.id = running.job.id.get(), %error,
                    "a chunk cannot be posted as a whole; posting its lines one by one");
                for line in &whole {
                    if !post_one(app, running, line, companions)? {
                        return Ok(End::Stopped);
                    }
                }
            }
            Err(error) => refuse_line(app, running, &whole, &error)?,
        }
        if app.imports.is_stopping() {
            return Ok(End::Paused);
        }
    }
    Ok(End::Done)
}

/// One line by itself; when even that fails the line is refused and the others go on.
fn post_one(
    app: &App,
    running: &mut Running,
    line: &ReadLine,
    companions: &Companions,
) -> AppResult<bool> {
    match post_chunk(app, running, &[line], companions) {
        Err(AppError::TooBusy(what)) => Err(AppError::TooBusy(what)),
        Err(error) => refuse_line(app, running, &[line], &error).map(|()| true),
        Ok(go_on) => Ok(go_on),
    }
}

/// Decides and writes some lines. False when somebody asked to stop (after these lines).
fn post_chunk(
    app: &App,
    running: &mut Running,
    lines: &[&ReadLine],
    companions: &Companions,
) -> AppResult<bool> {
    let now = app.clock.now_at();
    let mut job = running.job.clone();
    job.rows_done += i32::try_from(lines.len()).unwrap_or(i32::MAX);
    renew(&mut job, now);
    let stop = {
        let set = setting(app, running, companions, now);
        app.db.write("import post", |db| {
            let facts = facts::load(db, set.scope, set.sealer, running.layout, lines)?;
            let mut plan = Plan::new(&set, facts);
            let decided: Vec<Decided> = lines.iter().map(|line| plan.line(line)).collect();
            tell_chunk(&mut plan, &decided);
            plan.apply(db)?;
            store::put_rows(db, &rows_of(job.id, &decided, true))?;
            store::save(db, &job)?;
            store::is_stop_wanted(db, job.id)
        })?
    };
    running.job = job;
    Ok(!stop)
}

/// Every write leaves a line in history: which lines of which file.
fn tell_chunk(plan: &mut Plan<'_>, decided: &[Decided]) {
    let wrote = |d: &&Decided| matches!(d.outcome, Outcome::New | Outcome::Changed(_));
    let count = decided.iter().filter(wrote).count();
    let (Some(first), Some(last)) = (decided.first(), decided.last()) else { return };
    if count == 0 {
        return;
    }
    let summary =
        format!("“{}”第 {} 至 {} 行入账 {count} 行", plan.set.file_name, first.line, last.line);
    plan.history.push(history::Note {
        action: "imported",
        file_id: None,
        subject: plan.set.file_name.to_owned(),
        summary,
        reason: String::new(),
    });
}

fn refuse_line(
    app: &App,
    running: &mut Running,
    lines: &[&ReadLine],
    error: &AppError,
) -> AppResult<()> {
    let sentence = match error {
        AppError::Refused(why) => why.clone(),
        other => {
            let id = running.job.id.get();
            tracing::error!(import.id = id, error = %other, "a line cannot be posted");
            "这一行没有写成，其他行不受影响。请把文件名和行号告诉管理员。".to_owned()
        }
    };
    let decided: Vec<Decided> = lines
        .iter()
        .map(|line| {
            let mut notes = vec![sentence.clone()];
            notes.extend(line.notes().iter().map(|note| note.sentence()));
            Decided { line: line.line, outcome: Outcome::Refused, notes }
        })
        .collect();
    running.job.rows_done += i32::try_from(lines.len()).unwrap_or(i32::MAX);
    renew(&mut running.job, app.clock.now_at());
    let (rows, job) = (rows_of(running.job.id, &decided, true), &running.job);
    app.db.write("import refusal", |db| {
        store::put_rows(db, &rows)?;
        store::save(db, job)
    })
}

fn rows_of(id: ImportId, decided: &[Decided], posted: bool) -> Vec<ImportRow> {
    decided
        .iter()
        .map(|one| ImportRow {
            import_id: id,
            line: i32::try_from(one.line).unwrap_or(i32::MAX),
            outcome: one.outcome.as_text().to_owned(),
            posted,
            notes: one.notes.join("\n"),
        })
        .collect()
}

fn renew(job: &mut ImportJob, now: NaiveDateTime) {
    job.updated_at = now;
    job.leased_until = Some(now + Duration::seconds(LEASE_S));
}

/// Takes the lease and reads the file. `None` when somebody else holds it or it is not in a
/// state to be run.
fn take(
    app: &App,
    id: ImportId,
    scope: &Scope,
    from: &[&str],
    state: &str,
) -> AppResult<Option<Running>> {
    let now = app.clock.now_at();
    let until = now + Duration::seconds(LEASE_S);
    let taken = app.db.write("import claim", |db| store::claim(db, id, from, state, now, until))?;
    if !taken {
        return Ok(None);
    }
    let (mut job, sealed, office, by) = app.db.read(|db| {
        let job = store::find(db, scope, id)?;
        let office = office::find(db, &job.office_code)?;
        let by = by_of(db, job.staff_id, &job.office_code)?;
        Ok((job, store::content(db, id)?, office, by))
    })?;
    job.problem.clear();
    let opened = open(app, &job, &sealed);
    match opened {
        Ok((layout, product, lines)) => {
            let scope = scope.clone();
            Ok(Some(Running { job, office, scope, by, layout, product, lines }))
        }
        Err(problem) => {
            fail(app, job, &problem)?;
            Ok(None)
        }
    }
}

fn open(
    app: &App,
    job: &ImportJob,
    sealed: &[u8],
) -> Result<(Layout, Product, Vec<ReadLine>), String> {
    let layout = Layout::from_text(&job.layout).ok_or("不认识这种表格。")?;
    let product = Product::from_text(&job.product).ok_or("不认识这种贷款。")?;
    let bytes = app.sealer.open(Field::Upload, sealed).map_err(|error| error.to_string())?;
    let sheet = read::open_as(&bytes, &SheetLimits::default(), &job.sheet_name, layout)?;
    let limits = Limits::of(&app.policy, product);
    Ok((layout, product, sheet.lines(app.clock.today(), &limits)))
}

fn by_of(db: &mut Db, staff_id: StaffId, office_code: &str) -> AppResult<By> {
    let name: String = staff::table.find(staff_id).select(staff::name).first(db)?;
    Ok(By { staff_id: Some(staff_id), name, office_code: office_code.to_owned() })
}

fn setting<'a>(
    app: &'a App,
    running: &'a Running,
    companions: &'a Companions,
    now: NaiveDateTime,
) -> Setting<'a> {
    Setting {
        sealer: &app.sealer,
        ids: &app.ids,
        policy: &app.policy,
        basis: app.basis(),
        office: &running.office,
        scope: &running.scope,
        by: &running.by,
        now,
        today: app.clock.today(),
        import_id: running.job.id,
        file_name: &running.job.file_name,
        as_of: running.job.as_of,
        product: running.product,
        companions,
    }
}

/// Counts what the rows came to and lets the lease go.
fn finish(app: &App, running: Running, result: AppResult<End>, done_state: &str) -> AppResult<()> {
    let mut job = running.job;
    let outcome = match result {
        Ok(End::Done) => {
            job.state = done_state.to_owned();
            if done_state == "posted" {
                job.differences = store::NOT_COMPARED;
            }
            Ok(())
        }
        Ok(End::Stopped) => {
            job.state = if done_state == "checked" { "uploaded" } else { "stopped" }.to_owned();
            Ok(())
        }
        // The state stays `checking` or `posting` with nobody holding it.
        Ok(End::Paused) => Ok(()),
        Err(error) => {
            let back = if done_state == "checked" { "uploaded" } else { "stopped" };
            job.state = back.to_owned();
            job.problem = "中途停下了，已入账的行不受影响，可以继续。".to_owned();
            Err(error)
        }
    };
    job.leased_until = None;
    job.updated_at = app.clock.now_at();
    app.db.write("import finish", |db| {
        let mut job = job.clone();
        store::count_rows(db, &mut job)?;
        store::save(db, &job)
    })?;
    outcome
}

/// The file cannot be read (any more): the import ends here, with the reason.
fn fail(app: &App, mut job: ImportJob, problem: &str) -> AppResult<()> {
    job.state = "failed".to_owned();
    job.problem = problem.to_owned();
    job.leased_until = None;
    job.updated_at = app.clock.now_at();
    app.db.write("import fail", |db| store::save(db, &job))
}
