//! Several files uploaded together: each sheet becomes an import, all are checked with what the
//! others bring in mind, and posted in the order in which one needs the other.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};

use crate::app::App;
use crate::book::history::{self, By};
use crate::book::ids::{ImportId, StaffId};
use crate::book::office::Scope;
use crate::book::statement::Product;
use crate::desk::imports::{Layout, Limits, Row};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::sheet::SheetLimits;

use super::facts::index_of;
use super::plan::Companions;
use super::read::{self, ReadLine};
use super::store::{self, ImportJob};
use super::{compare, run};

/// A file as it arrives.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Several imports that belong together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The imports, in the order of posting.
    pub jobs: Vec<ImportId>,
    /// What they bring to each other.
    pub companions: Companions,
    /// Files that are no sheet we know, each with the reason.
    pub refused: Vec<(String, String)>,
}

/// Where an import stands in the order of posting.
pub fn order_of(job: &ImportJob) -> (u8, ImportId) {
    (Layout::from_text(&job.layout).map_or(u8::MAX, rank), job.id)
}

/// True when lines of `job` may only be understood once `other` is posted.
pub fn needs(job: &ImportJob, other: &ImportJob) -> bool {
    let of = |job: &ImportJob| Layout::from_text(&job.layout);
    let (Some(own), Some(other)) = (of(job), of(other)) else { return false };
    let people = matches!(other, Layout::Borrowers | Layout::Contracts);
    let alone = matches!(own, Layout::Preapply | Layout::Monthly);
    let money = own == Layout::Overdue && other == Layout::Repayments;
    !alone && rank(other) < rank(own) && (people || money)
}

/// In which order sheets are posted: people before contracts before money before lists.
const fn rank(layout: Layout) -> u8 {
    match layout {
        Layout::Borrowers => 0,
        Layout::Contracts => 1,
        Layout::Repayments => 2,
        Layout::Overdue => 3,
        Layout::Graduation => 4,
        Layout::Preapply => 5,
        Layout::Hardship => 6,
        Layout::Enlistment => 7,
        Layout::Receipts => 8,
        Layout::Monthly => 9,
    }
}

/// Takes uploads in: reads and recognises every sheet, stores each as an import. A file that is
/// no sheet we know is named in `refused` and keeps no other from being taken.
///
/// `as_of`: the day the balances are of, for sheets that do not say it themselves.
pub fn take_in(
    app: &App,
    scope: &Scope,
    by: &By,
    uploads: &[Upload],
    as_of: Option<NaiveDate>,
    product: Product,
) -> AppResult<Batch> {
    let mut batch = Batch::default();
    let mut found: Vec<(Layout, ImportJob, usize)> = Vec::new();
    let staff_id = by.staff_id.ok_or(AppError::Forbidden)?;
    let today = app.clock.today();
    if as_of.is_some_and(|day| day > today) {
        return Err(AppError::field("as_of", "余额截止日期在今天之后，请核对。"));
    }
    // One moment for all of them: by it and the person they are known to belong together.
    let now = app.clock.now_at();
    for (at, upload) in uploads.iter().enumerate() {
        match read::open(&upload.bytes, &SheetLimits::default()) {
            Err(problem) => batch.refused.push((upload.name.clone(), problem)),
            Ok(sheets) => {
                for sheet in sheets {
                    let lines = sheet.lines(app.clock.today(), &Limits::default());
                    gather(&app.sealer, &lines, &mut batch.companions);
                    let mut job = new_job(app, scope, staff_id, upload, &sheet, now);
                    job.as_of = sheet.binding.as_of.or(as_of);
                    job.product = product.as_text().to_owned();
                    job.rows_total = i32::try_from(lines.len()).unwrap_or(i32::MAX);
                    found.push((sheet.binding.layout, job, at));
                }
            }
        }
    }
    found.sort_by_key(|(layout, job, _)| (rank(*layout), job.id));
    for (_, job, at) in found {
        let Some(upload) = uploads.get(at) else { continue };
        let sealed = app.sealer.seal(Field::Upload, &upload.bytes)?;
        let note_id = app.next_id();
        app.db.write("import upload", |db| {
            store::insert(db, &job, &sealed)?;
            let note = history::Note {
                action: "imported",
                file_id: None,
                subject: job.file_name.clone(),
                summary: format!("上传“{}”，{} 行", job.file_name, job.rows_total),
                reason: String::new(),
            };
            history::note(db, by, note_id, job.created_at, note)
        })?;
        batch.jobs.push(job.id);
    }
    Ok(batch)
}

fn new_job(
    app: &App,
    scope: &Scope,
    staff_id: StaffId,
    upload: &Upload,
    sheet: &read::ReadSheet,
    now: NaiveDateTime,
) -> ImportJob {
    use sha2::Digest;
    ImportJob {
        id: ImportId::new(app.next_id()),
        office_code: scope.own().to_owned(),
        staff_id,
        file_name: upload.name.clone(),
        sheet_name: sheet.table.name.clone(),
        layout: sheet.binding.layout.as_text().to_owned(),
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
    }
}

/// Notes what a sheet brings for the others.
fn gather(sealer: &Sealer, lines: &[ReadLine], companions: &mut Companions) {
    for line in lines {
        let Some(parsed) = line.parsed.as_ref().filter(|parsed| !parsed.is_refused()) else {
            continue;
        };
        match &parsed.row {
            Some(Row::Borrower(row)) => {
                companions.people.insert(index_of(sealer, &row.id_number));
                companions.student_numbers.extend(row.student_number.clone());
            }
            Some(Row::Contract(row)) => {
                let index = index_of(sealer, &row.id_number);
                let year = companions.first_years.entry(index.clone()).or_insert(row.loan_year);
                *year = row.loan_year.min(*year);
                companions.people.insert(index);
                companions.contract_nos.insert(row.contract_number.clone());
            }
            _ => {}
        }
    }
}

/// What the sheets uploaded together with `job` (itself among them) and not posted yet will
/// bring, read from their files again: for a check anew, or one taken up after a stop.
pub fn companions_of(app: &App, scope: &Scope, job: &ImportJob) -> AppResult<Companions> {
    let siblings = app.db.read(|db| store::siblings(db, scope, job))?;
    let mut companions = Companions::default();
    for one in siblings {
        let layout = match Layout::from_text(&one.layout) {
            Some(layout @ (Layout::Borrowers | Layout::Contracts)) => layout,
            _ => continue,
        };
        if matches!(one.state.as_str(), "posted" | "failed") {
            continue;
        }
        let sealed = app.db.read(|db| store::content(db, one.id))?;
        let bytes = app.sealer.open(Field::Upload, &sealed).map_err(AppError::broken)?;
        // A file that cannot be read any more tells so when it is run itself.
        if let Ok(sheet) = read::open_as(&bytes, &SheetLimits::default(), &one.sheet_name, layout) {
            let lines = sheet.lines(app.clock.today(), &Limits::default());
            gather(&app.sealer, &lines, &mut companions);
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
/// Returns how many figures differ.
pub fn post(
    app: &App,
    scope: &Scope,
    batch: &Batch,
    mut done: impl FnMut(ImportId),
) -> AppResult<usize> {
    // Only the numbering of files looks at companions now: everything else is posted before
    // what needs it.
    let companions = Companions {
        first_years: batch.companions.first_years.clone(),
        contract_nos: BTreeSet::new(),
        people: BTreeSet::new(),
        student_numbers: BTreeSet::new(),
    };
    for id in &batch.jobs {
        run::post(app, *id, scope, &companions)?;
        done(*id);
    }
    settle(app, scope, &batch.jobs)
}

/// Compares with the bank's figures and notes at each import how many of its figures differ.
pub fn settle(app: &App, scope: &Scope, jobs: &[ImportId]) -> AppResult<usize> {
    let differ = compare::run(app, scope, |_| {})?;
    app.db.write("import differences", |db| {
        for id in jobs {
            let mut job = store::find(db, scope, *id)?;
            let count = crate::book::bank::count_differences(db, scope, *id)?;
            job.differences = i32::try_from(count).unwrap_or(i32::MAX);
            store::save(db, &job)?;
        }
        Ok(())
    })?;
    Ok(differ)
}
