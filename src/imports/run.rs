//! Drives an import: check, post, go on where it was stopped or killed.
//!
//! Whoever runs an import holds its lease and renews it with every chunk; when the holder dies
//! the lease runs out and another instance (or the next start) takes the import up again. Rows
//! are marked posted in the write that posts them, so nothing is posted twice; every write asks
//! first whether the lease is still ours.
//!
//! A line is refused by a rule or not at all. What the disk, the connection or the time is to
//! blame for leaves the import in line; what we are to blame for stops it at the line it met.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::bank_list::BankList;
use super::kind::Kind;
use super::plan::{BatchContext, Decided, Outcome, Plan, Setting};
use super::profile::{self, Profiles};
use super::read::{self, Lines, ReadLine, ReadSheet};
use super::store::{self, ImportJob, ImportRow};
use super::{facts, findings, kinds, order};
use crate::app::App;
use crate::base::ids::{ImportId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::{self, Actor};
use crate::book::office::{self, Office};
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::imports::layout::{Layout, Limits};
use crate::imports::runner::Runner;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::schema::staff;
use crate::plumbing::sheet::SheetLimits;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Every line was done.
    Done,
    /// Somebody asked to stop.
    Stopped,
    /// The program stops; whoever starts next goes on.
    Paused,
    /// Another holds it now; it is no longer ours to write to.
    Lost,
}

/// What an import is run with.
struct Running {
    job: ImportJob,
    office: Office,
    scope: Scope,
    by: Actor,
    kind: &'static Kind,
    product: Product,
    list: BankList,
}

/// Checks an import: a dry run that stores nothing but what each row would come to.
pub fn check(app: &App, id: ImportId, scope: &Scope, companions: &BatchContext) -> AppResult<()> {
    let from = ["uploaded", "checking", "checked", "failed"];
    let Some((mut running, lines)) = take(app, id, scope, &from, "checking")? else {
        return Ok(());
    };
    running.job.rows_total = i32::try_from(lines.total()).unwrap_or(i32::MAX);
    running.job.rows_done = 0;
    let checked = check_sheet(app, &mut running, &lines, companions)
        .and_then(|()| check_lines(app, &mut running, &lines, companions));
    finish(app, running, checked, "checked")
}

/// What there is to say about the sheet as a whole. Somebody's confirmation holds as long as it
/// is the same.
fn check_sheet(
    app: &App,
    running: &mut Running,
    lines: &Lines,
    companions: &BatchContext,
) -> AppResult<()> {
    let (scope, office, job) = (&running.scope, &running.office, &running.job);
    let found = app.db.read(|db| findings::check(db, scope, office, job, lines, companions))?;
    let text = findings::to_text(&found);
    running.job.confirmed &= findings::without_pay_outs(&running.job.findings) == text;
    running.job.findings = text;
    running.job.bindings = read::Columns::of(&lines.sheet).to_text();
    Ok(())
}

fn check_lines(
    app: &App,
    running: &mut Running,
    lines: &Lines,
    companions: &BatchContext,
) -> AppResult<End> {
    let (mut pay_outs, mut paid_out) = (0, Fen::ZERO);
    let (mut lines, mut pace) = (lines.iter(), Pace::of(app));
    while let Some(chunk) = pace.next(&mut lines) {
        let all: Vec<&ReadLine> = chunk.iter().map(|line| &**line).collect();
        let now = app.clock.now_at();
        let decided = {
            let set = setting(app, running, companions, now);
            app.db.read(|db| {
                let facts = facts::load(db, set.scope, set.sealer, running.kind.load, &all)?;
                let mut plan = Plan::new(&set, facts);
                let decided: Vec<Decided> = all.iter().map(|line| plan.line(line)).collect();
                Ok((decided, plan.pay_outs()))
            })?
        };
        let (decided, (count, sum)) = decided;
        (pay_outs, paid_out) = (pay_outs + count, paid_out + sum);
        let job = renewed(app, &running.job, chunk.len(), now);
        let rows = rows_of(job.id, &all, &decided, false);
        let stop = app.db.write("import check", |db| {
            let Some(stop) = store::stop_wanted(db, &running.job)? else { return Ok(None) };
            store::put_rows(db, &rows)?;
            store::save(db, &job)?;
            Ok(Some(stop))
        })?;
        let Some(stop) = stop else { return Ok(End::Lost) };
        running.job = job;
        pace.go_on(app);
        if stop {
            return Ok(End::Stopped);
        }
        if Runner::of(app).is_stopping() {
            return Ok(End::Paused);
        }
    }
    findings::tell_pay_outs(&mut running.job.findings, pay_outs, paid_out);
    Ok(End::Done)
}

/// Posts an import that was checked, or goes on with one that was stopped or abandoned. Nothing
/// happens while a sheet that it needs is not posted.
pub fn post(app: &App, id: ImportId, scope: &Scope, companions: &BatchContext) -> AppResult<()> {
    let from = ["checked", "stopped", "posting"];
    let Some((mut running, lines)) = take(app, id, scope, &from, "posting")? else {
        return Ok(());
    };
    let done: HashSet<i32> = app.db.read(|db| store::posted_lines(db, id))?.into_iter().collect();
    running.job.rows_total = i32::try_from(lines.total()).unwrap_or(i32::MAX);
    running.job.rows_done = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let left =
        |line: &Cow<'_, ReadLine>| !done.contains(&i32::try_from(line.line).unwrap_or(i32::MAX));
    let posted = post_lines(app, &mut running, lines.iter().filter(left), companions);
    drop(lines);
    app.note_change();
    app.db.learn_sizes();
    finish(app, running, posted, "posted")
}

/// How many lines are done in one write: fewer while others wait to write, so that they wait for
/// some tens of milliseconds and not for a fifth of a second.
struct Pace {
    lines: usize,
    most: usize,
    /// Writes since others have waited.
    alone: usize,
}

/// Fewer lines than this cost more than they let others have.
const PACE_MIN: usize = 25;
/// As long as others write now and then, no more lines than this.
const PACE_SHARED: usize = 100;
/// After as many writes, some seconds, without anybody who waited there is nobody.
const PACE_ALONE: usize = 100;

impl Pace {
    fn of(app: &App) -> Pace {
        let most = app.config.import_lines.max(1);
        Pace { lines: most, most, alone: PACE_ALONE }
    }

    /// The lines of the next write; nothing when there is none.
    fn next<'l>(
        &self,
        lines: &mut impl Iterator<Item = Cow<'l, ReadLine>>,
    ) -> Option<Vec<Cow<'l, ReadLine>>> {
        let chunk: Vec<Cow<'_, ReadLine>> = lines.take(self.lines).collect();
        (!chunk.is_empty()).then_some(chunk)
    }

    /// After a write: others come first.
    fn go_on(&mut self, app: &App) {
        let has_waited = app.db.let_others_write();
        self.alone = if has_waited { 0 } else { self.alone.saturating_add(1) };
        let most = if self.alone < PACE_ALONE { self.most.min(PACE_SHARED) } else { self.most };
        let lines = match has_waited {
            true => (self.lines / 2).max(PACE_MIN),
            false => self.lines + self.lines / 4 + 1,
        };
        self.lines = lines.min(most);
    }
}

fn post_lines<'l>(
    app: &App,
    running: &mut Running,
    mut lines: impl Iterator<Item = Cow<'l, ReadLine>>,
    companions: &BatchContext,
) -> AppResult<End> {
    let mut pace = Pace::of(app);
    while let Some(chunk) = pace.next(&mut lines) {
        let whole: Vec<&ReadLine> = chunk.iter().map(|line| &**line).collect();
        let end = match post_chunk(app, running, &whole, companions) {
            Ok(end) => end,
            Err(error) if error.is_of_database() => return Err(error),
            Err(error) => {
                tracing::warn!(import.id = running.job.id.get(), %error,
                    "a chunk cannot be posted as a whole; posting its lines one by one");
                post_each(app, running, &whole, companions)?
            }
        };
        pace.go_on(app);
        if let Some(end) = end {
            return Ok(end);
        }
        if Runner::of(app).is_stopping() {
            return Ok(End::Paused);
        }
    }
    Ok(End::Done)
}

/// Each line by itself. One that a rule refuses is refused and the others go on; at one that
/// fails through a fault of ours the import stops, and says which it was.
fn post_each(
    app: &App,
    running: &mut Running,
    lines: &[&ReadLine],
    companions: &BatchContext,
) -> AppResult<Option<End>> {
    for line in lines {
        let end = match post_chunk(app, running, &[line], companions) {
            Err(AppError::Refused(why)) => refuse_line(app, running, line, why)?,
            Err(error) if !error.is_of_database() => {
                running.job.problem = format!(
                    "停在第 {} 行，这一行写不进去，是系统的问题：前面的行已经入账，\
                     这一行和后面的没有动。请把文件名和行号告诉管理员。",
                    line.line
                );
                return Err(error);
            }
            other => other?,
        };
        if end.is_some() {
            return Ok(end);
        }
    }
    Ok(None)
}

/// Decides and writes some lines. Tells when that is the end (after these lines, when somebody
/// asked to stop).
fn post_chunk(
    app: &App,
    running: &mut Running,
    lines: &[&ReadLine],
    companions: &BatchContext,
) -> AppResult<Option<End>> {
    let now = app.clock.now_at();
    let job = renewed(app, &running.job, lines.len(), now);
    let stop = {
        let set = setting(app, running, companions, now);
        act::run(app, (&running.by, &running.scope), "import post", |act| {
            let Some(stop) = store::stop_wanted(act.db, &running.job)? else { return Ok(None) };
            let facts = facts::load(act.db, set.scope, set.sealer, running.kind.load, lines)?;
            let mut plan = Plan::new(&set, facts);
            let decided: Vec<Decided> = lines.iter().map(|line| plan.line(line)).collect();
            tell_chunk(&mut plan, &decided);
            if plan.audit.is_empty() {
                act.needs_no_audit("nothing came of these lines");
            }
            plan.apply(act)?;
            store::put_rows(act.db, &rows_of(job.id, lines, &decided, true))?;
            store::save(act.db, &job)?;
            Ok(Some(stop))
        })?
    };
    Ok(went_on(running, job, stop))
}

/// What a write came to: nothing when it was no longer ours to do.
fn went_on(running: &mut Running, job: ImportJob, stop: Option<bool>) -> Option<End> {
    let Some(stop) = stop else { return Some(End::Lost) };
    running.job = job;
    stop.then_some(End::Stopped)
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
    plan.audit.push(audit_log::AuditEntry {
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
    line: &ReadLine,
    why: String,
) -> AppResult<Option<End>> {
    let mut notes = vec![why];
    notes.extend(line.notes().iter().map(|note| note.sentence()));
    let decided = Decided { line: line.line, outcome: Outcome::Refused, notes, warned: true };
    let job = renewed(app, &running.job, 1, app.clock.now_at());
    let rows = rows_of(job.id, &[line], &[decided], true);
    let stop = app.db.write("import refusal", |db| {
        let Some(stop) = store::stop_wanted(db, &running.job)? else { return Ok(None) };
        store::put_rows(db, &rows)?;
        store::save(db, &job)?;
        Ok(Some(stop))
    })?;
    Ok(went_on(running, job, stop))
}

fn rows_of(id: ImportId, lines: &[&ReadLine], decided: &[Decided], posted: bool) -> Vec<ImportRow> {
    let who = |line: &ReadLine| line.parsed.as_ref().and_then(|parsed| parsed.who.clone());
    decided
        .iter()
        .zip(lines)
        .map(|(one, line)| ImportRow {
            import_id: id,
            line: i32::try_from(one.line).unwrap_or(i32::MAX),
            outcome: one.outcome.as_text().to_owned(),
            posted,
            notes: one.notes.join("\n"),
            name: who(line).unwrap_or_default(),
            amount_fen: line.parsed.as_ref().and_then(|parsed| parsed.amount),
            warned: one.warned,
        })
        .collect()
}

/// The import some lines further, its lease begun anew.
fn renewed(app: &App, job: &ImportJob, lines: usize, now: NaiveDateTime) -> ImportJob {
    let mut job = job.clone();
    job.rows_done += i32::try_from(lines).unwrap_or(i32::MAX);
    job.updated_at = now;
    job.leased_until = Some(lease(app, now));
    job
}

fn lease(app: &App, now: NaiveDateTime) -> NaiveDateTime {
    now + Duration::seconds(i64::from(app.config.import_lease_s))
}

/// Takes the lease and reads the file. `None` when somebody else holds it, it is not in a state
/// to be run, or what it needs is not in the books yet.
fn take(
    app: &App,
    id: ImportId,
    scope: &Scope,
    from: &[&str],
    state: &str,
) -> AppResult<Option<(Running, Lines)>> {
    let now = app.clock.now_at();
    let until = lease(app, now);
    let taken = app.db.write("import claim", |db| {
        if state == "posting" {
            let job = store::find(db, scope, id)?;
            if !order::missing(&job, &store::open_jobs(db, scope)?).is_empty() {
                return Ok(false);
            }
        }
        store::claim(db, id, from, state, now, until)
    })?;
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
    job.leased_until = Some(until);
    let profiles = app.db.read(|db| profile::all(db, scope))?;
    match open(app, &job, sealed, &profiles) {
        Ok((kind, product, sheet)) => {
            let lines = sheet.lines(app.clock.today(), Limits::of(&app.policy(), product));
            // What somebody chose may name the day where the title did not before.
            job.as_of = lines.sheet.binding.as_of.or(job.as_of);
            let mut list = BankList::default();
            if kind.layout == Layout::REPAYMENTS {
                list = kinds::repayments::list_of(&lines);
                let as_of = job.as_of.unwrap_or_else(|| app.clock.today());
                app.db.read(|db| match findings::part(db, scope, &job, &lines.sheet)? {
                    // The list of a township says nothing of what it does not name.
                    Some(_) => Ok(()),
                    None => list.judge(db, scope, as_of),
                })?;
            }
            let scope = scope.clone();
            Ok(Some((Running { job, office, scope, by, kind, product, list }, lines)))
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
    sealed: Vec<u8>,
    profiles: &Profiles,
) -> Result<(&'static Kind, Product, ReadSheet), String> {
    let kind = kinds::find(&job.layout).ok_or("还没有选定这是哪一种表。")?;
    let product = Product::from_text(&job.product).ok_or("不认识这种贷款。")?;
    let bytes = app.sealer.open(Field::Upload, &sealed).map_err(|error| error.to_string())?;
    drop(sealed);
    let limits = SheetLimits::default();
    // What is posted is what was checked, by the same columns.
    let sheet = match job.state.as_str() {
        "posting" => read::open_kept(&bytes, &limits, job, profiles)?,
        _ => read::open_as(&bytes, &limits, &job.sheet_name, kind.layout, profiles)?,
    };
    Ok((kind, product, sheet))
}

fn by_of(db: &mut Db, staff_id: StaffId, office_code: &str) -> AppResult<Actor> {
    let name: String = staff::table.find(staff_id).select(staff::name).first(db)?;
    Ok(Actor { staff_id: Some(staff_id), name, office_code: office_code.to_owned() })
}

fn setting<'a>(
    app: &'a App,
    running: &'a Running,
    companions: &'a BatchContext,
    now: NaiveDateTime,
) -> Setting<'a> {
    Setting {
        sealer: &app.sealer,
        ids: &app.ids,
        policy: app.policy(),
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
        decide: running.kind.decide,
        list: &running.list,
    }
}

/// Counts what the rows came to and lets the lease go.
fn finish(app: &App, running: Running, result: AppResult<End>, done_state: &str) -> AppResult<()> {
    let held = running.job;
    let mut job = held.clone();
    let back = if done_state == "checked" { "uploaded" } else { "stopped" };
    let outcome = match result {
        Ok(End::Done) => {
            job.state = done_state.to_owned();
            if done_state == "posted" {
                job.differences = store::NOT_COMPARED;
            }
            Ok(())
        }
        Ok(End::Stopped) => {
            job.state = back.to_owned();
            Ok(())
        }
        // The state stays `checking` or `posting` with nobody holding it.
        Ok(End::Paused) => Ok(()),
        Ok(End::Lost) => return Ok(()),
        Err(error) if error.is_of_database() => {
            job.problem =
                "现在存不进数据库（磁盘满了、连接断了或太忙），没有丢行，也没有一行因此不导入。\
                           好了以后半分钟内自动接着做。"
                    .to_owned();
            Err(error)
        }
        Err(error) => {
            job.state = back.to_owned();
            if job.problem.is_empty() {
                job.problem = "中途停下了，已入账的行不受影响，可以继续。".to_owned();
            }
            Err(error)
        }
    };
    job.leased_until = None;
    job.updated_at = app.clock.now_at();
    let finished = app.db.write("import finish", |db| {
        if store::stop_wanted(db, &held)?.is_none() {
            return Ok(());
        }
        let mut job = job.clone();
        store::count_rows(db, &mut job)?;
        store::save(db, &job)
    });
    // With no room for this either, the lease runs out by itself.
    outcome.and(finished)
}

/// The file cannot be read (any more): the import ends here, with the reason. One that may have
/// posted lines can only be stopped.
fn fail(app: &App, mut job: ImportJob, problem: &str) -> AppResult<()> {
    job.state = if job.state == "posting" { "stopped" } else { "failed" }.to_owned();
    job.problem = problem.to_owned();
    job.leased_until = None;
    job.updated_at = app.clock.now_at();
    app.db.write("import fail", |db| store::save(db, &job))
}
