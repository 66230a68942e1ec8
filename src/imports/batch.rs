//! Several files uploaded together: each sheet becomes an import, all are checked with what the
//! others bring in mind, and posted in the order in which one needs the other.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};

use super::plan::BatchContext;
use super::read::{self, ReadSheet};
use super::store::{self, ImportJob};
use super::{kinds, known, order, profile, run};
use crate::app::App;
use crate::base::ids::{ImportId, StaffId};
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::position;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::imports::ask;
use crate::imports::layout::{Layout, Limits};
use crate::life::reconcile;
use crate::plumbing::crypto::Field;
use crate::plumbing::db::Db;
use crate::plumbing::sheet::SheetLimits;

/// A file as it arrives.
#[derive(Clone, Debug)]
pub struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Several imports that belong together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The imports, in the order of posting.
    pub jobs: Vec<ImportId>,
    /// What they bring to each other.
    pub companions: BatchContext,
    /// Imports whose kind or columns a person has to choose first.
    pub asks: Vec<ImportId>,
    /// Files that are no sheet we know, each with the reason.
    pub refused: Vec<(String, String)>,
}

/// `gone` was put away: what was checked with it in mind is checked anew, so that nothing waits
/// for it and a person decides on what is left.
pub fn check_anew_without(
    db: &mut Db,
    scope: &Scope,
    gone: &ImportJob,
    now: NaiveDateTime,
) -> AppResult<()> {
    for job in store::open_jobs(db, scope)? {
        if order::together(&job, gone) && order::needs(&job, gone) {
            store::enqueue(db, scope, job.id, &["checked", "posting"], "checking", now)?;
        }
    }
    Ok(())
}

/// Takes uploads in: reads and recognises every sheet, stores each as an import. A file that is
/// no sheet we know is named in `refused` and keeps no other from being taken.
///
/// `as_of`: the day the balances are of, for sheets that do not say it themselves.
pub fn receive_files(
    app: &App,
    scope: &Scope,
    by: &Actor,
    uploads: &[Upload],
    as_of: Option<NaiveDate>,
    product: Product,
) -> AppResult<Batch> {
    let mut batch = Batch::default();
    let mut found: Vec<(ImportJob, usize)> = Vec::new();
    let staff_id = by.staff_id.ok_or(AppError::Forbidden)?;
    let today = app.clock.today();
    let limits = Limits::of(&app.policy(), product);
    if as_of.is_some_and(|day| day > today) {
        return Err(AppError::field("as_of", "余额截止日期在今天之后，请核对。"));
    }
    // One moment for all of them: by it and the person they are known to belong together.
    let now = app.clock.now_at();
    let profiles = app.db.read(|db| profile::all(db, scope))?;
    for (at, upload) in uploads.iter().enumerate() {
        let opened = match read::open(&upload.bytes, &SheetLimits::default(), &profiles) {
            Ok(opened) => opened,
            Err(problem) => {
                batch.refused.push((upload.name.clone(), problem));
                continue;
            }
        };
        let new_job = |sheet_name: &str, layout: Option<Layout>| ImportJob {
            product: product.as_text().to_owned(),
            as_of,
            ..new_job(app, scope, staff_id, upload, (sheet_name, layout), now)
        };
        for sheet in opened.sheets {
            let of_title = sheet.binding.as_of;
            let mut job = new_job(&sheet.table.name, Some(sheet.binding.layout));
            job.as_of = of_title.or(as_of);
            job.rows_total = i32::try_from(sheet.lines_total()).unwrap_or(i32::MAX);
            gather(app, sheet, &limits, &mut batch.companions);
            if let Some(day) = of_title.filter(|day| *day > today) {
                let why = format!("标题写的是截至 {day}，这一天还没有到。请核对标题里的日期。");
                batch.refused.push((upload.name.clone(), why));
                continue;
            }
            found.push((job, at));
        }
        for (table, problem) in opened.unsure {
            let mut job = new_job(&table.name, problem.nearest());
            job.state = "failed".to_owned();
            job.problem = problem.to_chinese();
            batch.asks.push(job.id);
            found.push((job, at));
        }
    }
    found.sort_by_key(|(job, _)| order::order_of(job));
    if found.is_empty() {
        return Ok(batch);
    }
    act::run(app, (by, scope), "import upload", |act| {
        let mut sealed_files = BTreeSet::new();
        for (job, at) in &found {
            store::insert(act.db, job)?;
            if let Some(upload) = uploads.get(*at).filter(|_| sealed_files.insert(at)) {
                // One after the other: not all files twice in memory.
                let sealed = app.sealer.seal(Field::Upload, &upload.bytes)?;
                store::keep_file(act.db, job.id, &sealed)?;
            }
            let summary = format!("上传“{}”，{} 行", job.file_name, job.rows_total);
            act.audit(AuditEntry::of("imported", &job.file_name, summary))?;
        }
        Ok(())
    })?;
    let asks = &batch.asks;
    batch.jobs.extend(found.iter().map(|(job, _)| job.id).filter(|id| !asks.contains(id)));
    Ok(batch)
}

/// Puts away sheets whose title says another day than the one that was typed, and says so.
pub fn refuse_other_day(
    app: &App,
    scope: &Scope,
    batch: &mut Batch,
    typed: Option<NaiveDate>,
) -> AppResult<()> {
    let Some(typed) = typed else { return Ok(()) };
    let ids = batch.jobs.clone();
    let others = app.db.write("import other day", |db| {
        let mut others = Vec::new();
        for id in &ids {
            let job = store::find(db, scope, *id)?;
            let day = job.as_of.filter(|day| *day != typed && kinds::has_balances(&job.layout));
            if let Some(day) = day {
                store::drop_job(db, scope, *id)?;
                others.push((*id, job.file_name, day));
            }
        }
        Ok(others)
    })?;
    for (id, name, day) in others {
        batch.jobs.retain(|own| *own != id);
        let why =
            format!("标题写的是截至 {day}，填写的余额截止日期是 {typed}。请核对是不是选错了文件。");
        batch.refused.push((name, why));
    }
    Ok(())
}

fn new_job(
    app: &App,
    scope: &Scope,
    staff_id: StaffId,
    upload: &Upload,
    (sheet_name, layout): (&str, Option<Layout>),
    now: NaiveDateTime,
) -> ImportJob {
    use sha2::Digest;
    ImportJob {
        id: ImportId::new(app.next_id()),
        office_code: scope.own().to_owned(),
        staff_id,
        file_name: upload.name.clone(),
        sheet_name: sheet_name.to_owned(),
        layout: layout.map_or("", Layout::as_text).to_owned(),
        product: Product::Cdb.as_text().to_owned(),
        as_of: None,
        state: "uploaded".to_owned(),
        content_hash: sha2::Sha256::digest(&upload.bytes).to_vec(),
        rows_total: 0,
        rows_done: 0,
        new_rows: 0,
        same_rows: 0,
        changed_rows: 0,
        refused_rows: 0,
        skipped_rows: 0,
        differences: 0,
        problem: String::new(),
        stop_wanted: false,
        leased_until: None,
        created_at: now,
        updated_at: now,
        undone_at: None,
        undone_by: String::new(),
        bindings: String::new(),
        findings: String::new(),
        confirmed: false,
    }
}

/// Notes what a sheet brings for the others. One that brings nothing is not read for it.
fn gather(app: &App, sheet: ReadSheet, limits: &Limits, companions: &mut BatchContext) {
    let kind = kinds::find(sheet.binding.layout.as_text()).filter(|kind| kind.brings);
    let Some(kind) = kind else { return };
    for line in sheet.lines(app.clock.today(), limits.clone()).iter() {
        let parsed = line.parsed.as_ref().filter(|parsed| !parsed.is_refused());
        if let Some(row) = parsed.and_then(|parsed| parsed.row.as_ref()) {
            (kind.bring)(row, &app.sealer, companions);
        }
    }
}

/// What these sheets will bring, read from their files again: for a check anew, or one taken up
/// after a stop.
pub fn companions_of(app: &App, sheets: &[&ImportJob]) -> AppResult<BatchContext> {
    let mut companions = BatchContext::default();
    for one in sheets {
        let scope = Scope::of(&one.office_code);
        let profiles = app.db.read(|db| profile::all(db, &scope))?;
        let Some(layout) = Layout::from_text(&one.layout) else { continue };
        let sealed = app.db.read(|db| store::content(db, one.id))?;
        let bytes = app.sealer.open(Field::Upload, &sealed).map_err(AppError::broken)?;
        // A file that cannot be read any more tells so when it is run itself.
        let limits = SheetLimits::default();
        let opened = read::open_as(&bytes, &limits, &one.sheet_name, layout, &profiles);
        if let Ok(sheet) = opened {
            let product = Product::from_text(&one.product).unwrap_or(Product::Cdb);
            let limits = Limits::of(&app.policy(), product);
            gather(app, sheet, &limits, &mut companions);
        }
    }
    Ok(companions)
}

/// Checks every import of a batch.
pub fn check(
    app: &App,
    scope: &Scope,
    batch: &Batch,
    mut done: impl FnMut(ImportId),
) -> AppResult<()> {
    for id in &batch.jobs {
        run::check(app, *id, scope, &batch.companions)?;
        done(*id);
    }
    Ok(())
}

/// Posts every import of a batch in order, then compares the bank's figures with ours once.
/// Returns how many figures differ. What needs a sheet that did not come to its end stays as it is.
pub fn post(
    app: &App,
    scope: &Scope,
    batch: &Batch,
    mut done: impl FnMut(ImportId),
) -> AppResult<usize> {
    // Only the numbering of files looks at companions now: everything else is posted before
    // what needs it.
    let companions = BatchContext {
        first_years: batch.companions.first_years.clone(),
        contract_nos: BTreeSet::new(),
        people: BTreeSet::new(),
        student_numbers: BTreeSet::new(),
    };
    for id in &batch.jobs {
        run::post(app, *id, scope, &companions)?;
        done(*id);
    }
    reconcile(app, scope, &batch.jobs)
}

/// Compares with the bank's figures and notes at each import how many of its figures differ.
pub fn reconcile(app: &App, scope: &Scope, jobs: &[ImportId]) -> AppResult<usize> {
    // What an undone import has left to do.
    position::catch_up(&app.db, scope, app.clock.today(), || app.newest_basis())?;
    let short = known::learn(app, scope)?;
    ask::remind(app, scope, short.as_ref())?;
    let differ = reconcile::run::run(app, scope, |_| {})?;
    app.db.write("import differences", |db| {
        for id in jobs {
            let mut job = store::find(db, scope, *id)?;
            if job.state != "posted" {
                continue;
            }
            let count = crate::book::bank_difference::count_of(db, scope, *id)?;
            job.differences = i32::try_from(count).unwrap_or(i32::MAX);
            store::save(db, &job)?;
        }
        Ok(())
    })?;
    Ok(differ)
}
