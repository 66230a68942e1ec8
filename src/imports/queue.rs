//! Runs imports in the background: one thread for each office that has something to do.
//!
//! The line of waiting imports is in the database (state `checking` or `posting`, held by
//! nobody), so nothing is forgotten when the program ends: checks first, then postings, then one
//! comparison with the bank's figures. A posting stays in line until every sheet it needs is in
//! the books: whatever holds that one up, no line is refused because of it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::BatchContext;
use super::runner::Runner;
use super::store::{self, ImportJob};
use super::{batch, order, run};
use crate::app::App;
use crate::base::ids::ImportId;
use crate::base::scope::Scope;
use crate::error::AppResult;

/// Has the waiting imports of an office run, unless that goes on already. Returns at once.
pub fn wake(app: &App, office_code: &str) {
    if Runner::of(app).is_stopping() || !Runner::of(app).begin(office_code) {
        return;
    }
    let (own, office) = (app.clone(), office_code.to_owned());
    let thread = std::thread::Builder::new().name("imports".to_owned()).spawn(move || {
        if catch_unwind(AssertUnwindSafe(|| work(&own, &office))).is_err() {
            tracing::error!("an import panicked; it is taken up again in a minute");
            Runner::of(&own).end(&office);
        }
    });
    if let Err(error) = thread {
        tracing::error!(%error, "no thread for imports");
        Runner::of(app).end(office_code);
    }
}

/// Takes up imports that wait or whose holder is gone; returns in how many offices.
pub fn resume_abandoned(app: &App) -> AppResult<usize> {
    let now = app.clock.now_at();
    let mut offices: Vec<String> = app.db.read(|db| {
        let mut jobs = store::abandoned(db, now)?;
        jobs.extend(store::unsettled(db)?);
        Ok(jobs.into_iter().map(|job| job.office_code).collect())
    })?;
    offices.sort();
    offices.dedup();
    for office in &offices {
        wake(app, office);
    }
    Ok(offices.len())
}

fn work(app: &App, office_code: &str) {
    let scope = Scope::of(office_code);
    let mut known = None;
    // What ended early is left for the next look, half a minute later; the others go on.
    let mut ended_early = BTreeSet::new();
    loop {
        match next(app, &scope, &mut known, &mut ended_early) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the line of imports cannot be read"),
        }
        if Runner::of(app).is_stopping() {
            return Runner::of(app).end(office_code);
        }
        if !Runner::of(app).go_on(office_code) {
            return;
        }
        ended_early.clear();
    }
}

/// What sheets bring, kept while the imports that came with them run one after the other.
type Known = Option<(Vec<ImportId>, BatchContext)>;

/// Runs the next import of the line. False when there is none and all is compared.
fn next(
    app: &App,
    scope: &Scope,
    known: &mut Known,
    ended_early: &mut BTreeSet<ImportId>,
) -> AppResult<bool> {
    if Runner::of(app).is_stopping() {
        return Ok(false);
    }
    let now = app.clock.now_at();
    let open = app.db.read(|db| store::open_jobs(db, scope))?;
    let free = |job: &&ImportJob| job.leased_until.is_none_or(|until| until < now);
    let ready = |job: &&ImportJob| match job.state.as_str() {
        "checking" => true,
        "posting" => order::missing(job, &open).is_empty(),
        _ => false,
    };
    let first = open
        .iter()
        .filter(|job| !ended_early.contains(&job.id))
        .filter(free)
        .filter(ready)
        .min_by_key(|job| (job.state != "checking", order::order_of(job)));
    let Some(job) = first else { return reconcile(app, scope) };
    let sheets = order::bringing(job, &open);
    let ids: Vec<ImportId> = sheets.iter().map(|sheet| sheet.id).collect();
    let companions = match known {
        Some((of, companions)) if *of == ids => companions,
        _ => &mut known.insert((ids, batch::companions_of(app, &sheets)?)).1,
    };
    let ran = match job.state.as_str() {
        "checking" => run::check(app, job.id, scope, companions),
        _ => run::post(app, job.id, scope, &only_years(companions)),
    };
    if let Err(error) = ran {
        tracing::error!(import.id = job.id.get(), %error, "an import ended early");
        ended_early.insert(job.id);
    }
    Ok(true)
}

/// When posting, what others will bring is no ground to take a line: only the numbering of new
/// files looks ahead.
fn only_years(companions: &BatchContext) -> BatchContext {
    BatchContext { first_years: companions.first_years.clone(), ..BatchContext::default() }
}

fn reconcile(app: &App, scope: &Scope) -> AppResult<bool> {
    let own = |job: &ImportJob| scope.codes().contains(&job.office_code);
    let posted: Vec<ImportId> =
        app.db.read(store::unsettled)?.iter().filter(|job| own(job)).map(|job| job.id).collect();
    if posted.is_empty() {
        return Ok(false);
    }
    batch::reconcile(app, scope, &posted)?;
    app.note_change();
    // What still waits would come to something else now.
    let now = app.clock.now_at();
    app.db.write("import previews", |db| store::check_anew(db, scope, now))?;
    Ok(true)
}
