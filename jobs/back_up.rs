//! Copies the database of a county into a folder, every night; keeps the last ones.
//!
//! When: at night, and at the first start of a day on which it has not run. Why: a disk dies.
//! SQLite: a whole, checked copy `zhuxue-YYYY-MM-DD.db`. PostgreSQL: `pg_dump` when this machine
//! has it (`zhuxue-YYYY-MM-DD.dump`); otherwise the run is counted as skipped and says that the
//! backup is the operator's. Scanned papers are copied into `attachments` of the same folder, the
//! new ones only: none is ever changed. The key file is *not* in it: without a copy of the keys,
//! kept elsewhere, nobody can read the sealed fields. Missed: the last night only. A second run of
//! the same day replaces that day's copy.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::book::office;
use crate::book::warning::{self, RESTORE};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::plumbing::attached::folder;
use crate::plumbing::backup::{self, Made};
use crate::plumbing::db::Db;

pub const JOB: Job =
    Job {
        name: "back_up", words: "备份数据库", cron: "0 30 2 * * *", missed: Missed::Latest, run
    };

/// Makes the copy of the day and removes copies that are too old.
///
/// It is named by the day on which it is made, not the day it was missed on: it holds that day.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let backups = app.config.backups();
    let made = backup::make(&app.db, &backups, app.config.backup.keep, app.clock.today())?;
    // After the database: no row of it names a file that is not there yet.
    folder::back_up(&app.config.attachments(), &backups.join(folder::NAME))?;
    match made {
        Made::Copy { file, bytes, removed } => {
            let offices = app.db.read(office::all)?;
            let has_line = |db: &mut Db| -> AppResult<bool> {
                let lines = offices.iter().map(|one| warning::of_kind(db, &one.code, RESTORE));
                Ok(lines.collect::<AppResult<Vec<_>>>()?.iter().any(|lines| !lines.is_empty()))
            };
            if app.db.read(has_line)? {
                app.db.write("restore over", |db| {
                    offices
                        .iter()
                        .try_for_each(|one| warning::clear(db, &one.code, RESTORE, "").map(|_| ()))
                })?;
            }
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let mb = bytes.div_ceil(1_000_000);
            let note = format!("{}，{mb} MB", name.unwrap_or_default());
            Ok(Counts { done: 1 + count(removed), note, ..Counts::default() })
        }
        Made::NotOurs(why) => Ok(Counts { skipped: 1, note: why, ..Counts::default() }),
    }
}
