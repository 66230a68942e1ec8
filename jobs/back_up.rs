//! Copies the database of a county into a folder, every night; keeps the last ones.
//!
//! When: at night, and at the first start of a day on which it has not run. Why: a disk dies.
//! SQLite: a whole, checked copy `zhuxue-YYYY-MM-DD.db`. PostgreSQL: `pg_dump` when this machine
//! has it (`zhuxue-YYYY-MM-DD.dump`); otherwise the run is counted as skipped and says that the
//! backup is the operator's. Scanned papers are copied into `attachments` of the same folder, the
//! new ones only: none is ever changed. The key file is *not* in it: without a copy of the keys,
//! kept elsewhere, nobody can read the sealed fields. How to put all back is written beside the
//! copies, for whoever holds the disk and nothing else. Missed: the last night only. A second run
//! of the same day replaces that day's copy.

use std::path::Path;

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::book::office;
use crate::book::warning::{self, RESTORE};
use crate::clock::{Counts, Job, Missed};
use crate::error::{AppError, AppResult};
use crate::plumbing::attached::folder;
use crate::plumbing::backup::{self, Made};
use crate::plumbing::db::Db;

/// The file beside the copies that says how to put one back.
const HOW: &str = "恢复说明.txt";

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
            write_how(app, &backups, name.as_deref().unwrap_or_default())?;
            let mb = bytes.div_ceil(1_000_000);
            let note = format!("{}，{mb} MB", name.unwrap_or_default());
            Ok(Counts { done: 1 + count(removed), note, ..Counts::default() })
        }
        Made::NotOurs(why) => Ok(Counts { skipped: 1, note: why, ..Counts::default() }),
    }
}

/// Writes in words how a copy is put back on another computer.
fn write_how(app: &App, folder: &Path, newest: &str) -> AppResult<()> {
    let put_back = if app.db.is_postgres() {
        format!(
            "4. 建一个空的数据库，用 pg_restore 装入 {newest}，把配置里的 database_url 指向它，\n   \
             再运行 zhuxue restore {newest} 登记这次恢复。"
        )
    } else {
        format!("4. 在命令行进入这个文件夹，运行：zhuxue restore {newest}")
    };
    let text = format!(
        "怎样用这里的备份恢复\n\n\
         这个文件夹里有数据库的备份和扫描件（attachments 文件夹）。\
         换了电脑，或者硬盘坏了，按下面做：\n\n\
         1. 在新电脑上安装程序，版本不能比 {version} 旧。\n\
         2. 把另外保存的密钥文件放到 {keys}。\n   \
         密钥不在备份里；没有它，谁也打不开身份证号和电话。\n\
         3. 把这个文件夹整个拷到新电脑上。\n\
         {put_back}\n   \
         系统先核对备份、密钥和版本，再说明会缺什么；原来的文件不动。\n\
         5. 运行 zhuxue serve，请主任或管理员登录，打开“人员与设置”里的“备份与恢复”，\n   \
         先让定时任务继续，再放行消息。放行以前不发任何消息。\n\n\
         只想试一试：zhuxue restore {newest} --rehearse\n\
         它只在临时文件夹里恢复并核对，不改动数据，也不发消息。每半年请演练一次。\n",
        version = env!("CARGO_PKG_VERSION"),
        keys = app.config.keys().display(),
    );
    let file = folder.join(HOW);
    if std::fs::read_to_string(&file).is_ok_and(|known| known == text) {
        return Ok(());
    }
    std::fs::write(&file, text).map_err(|e| AppError::broken(format!("{}: {e}", file.display())))
}
