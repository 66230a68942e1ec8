//! `zhuxue restore FILE`: puts a backup in the place of the database, or only rehearses it.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::{Clock, minute};
use crate::base::hex::random_hex;
use crate::base::scope::Scope;
use crate::book::audit_log::{self, Actor, AuditEntry, Heads};
use crate::book::warning::{self, Warning};
use crate::book::{act, office};
use crate::clock::{self, go_on};
use crate::error::{AppError, AppResult};
use crate::plumbing::attached::folder;
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::{Address, Database};
use crate::plumbing::restore::{self, Contents};
use crate::plumbing::restored::{self, Restored};
use crate::{jobs, localized};

/// In whose name the command line works.
const BY: &str = "zhuxue restore";

/// Puts a backup in the place of the database.
#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// A file of the folder of backups, such as zhuxue-2026-11-28.db.
    #[arg(value_name = "FILE", required_unless_present = "release")]
    pub file: Option<PathBuf>,
    /// Puts it into a temporary folder, checks every figure there, changes and sends nothing.
    #[arg(long)]
    pub rehearse: bool,
    /// After a restore, where several offices share a database: lets the jobs go on (`jobs`), then
    /// the messages, cancelling (`drop`) or sending (`send`) what waits.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["file", "rehearse"])]
    pub release: Option<Release>,
}

/// What may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Release {
    Jobs,
    Drop,
    Send,
}

impl Restore {
    /// Looks at the copy, puts it in place, says what to do next.
    ///
    /// # Errors
    /// Exit code 2 when the copy cannot be used or the program runs; 1 when the disk says no.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        if let Some(release) = self.release {
            return go_on(config, release, out);
        }
        let Some(file) = &self.file else { return Ok(()) };
        let file = match file.exists() {
            true => file.clone(),
            false => config.backups().join(file),
        };
        let scans = scans_beside(&file);
        let database = match Address::parse(&config.database()).map_err(CliError::input)? {
            Address::Sqlite(database) => database,
            Address::Postgres(_) => return self.mark(config, out),
        };
        let keys = config.keys();
        if !keys.exists() {
            return Err(CliError::input(localized!(
                "密钥文件 {} 不在：请先把密钥的副本放回原处，没有它打不开备份里的号码",
                "key file {} is not there: put your copy of it back first, without it no number in \
                 the backup can be read",
                keys.display()
            )));
        }
        let sealer = Sealer::from_file(&keys, config.sealing).map_err(CliError::failed)?;
        let contents =
            restore::look_at(&file, &sealer).map_err(|unfit| CliError::input(unfit.to_string()))?;
        tell(out, &file, &contents)?;
        if self.rehearse {
            let config = Config { attachment_dir: scans, ..config };
            return rehearse(config, &file, out);
        }
        let clock = Clock::real();
        let restored = marked(&self.name(), contents.as_of, clock.now_at(), BY);
        let aside = put_in_place(&file, &database, &restored).map_err(|error| match error {
            AppError::Refused(why) => CliError::input(localized!(
                "{why}",
                "the database is in use: stop the program (zhuxue serve), then restore"
            )),
            other => other.into(),
        })?;
        Heads::beside(&keys).forget();
        folder::bring_back(&scans, &config.attachments(), &sealer)?;
        note(&super::open(config, clock)?, &restored)?;
        if let Some(aside) = aside {
            let left = localized!(
                "原来的数据没有删除，现在叫 {}",
                "the database that stood there is kept as {}",
                aside.display()
            );
            writeln!(out, "{left}")?;
        }
        let next = localized!(
            "已恢复。请运行 zhuxue serve，登录后在“人员与设置 > 备份与恢复”里放行：\
             在那以前不发消息，也不运行夜间任务。",
            "restored; run zhuxue serve, sign in and let it go on in 人员与设置 > 备份与恢复: until \
             then no message leaves and no job of the night runs"
        );
        writeln!(out, "{next}")?;
        Ok(())
    }

    fn name(&self) -> String {
        let name = self.file.as_ref().and_then(|file| file.file_name()).unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// A PostgreSQL database that `pg_restore` has filled: it is marked, so that nothing leaves.
    fn mark(&self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        if self.rehearse {
            return Err(CliError::input(localized!(
                "数据在 PostgreSQL 里：请运维用 pg_restore 恢复到另一个数据库演练",
                "the data are in PostgreSQL: rehearse with pg_restore into another database"
            )));
        }
        let clock = Clock::real();
        Heads::beside(&config.keys()).forget();
        let app = super::open(config, clock.clone())?;
        let scans = app.config.backups().join(folder::NAME);
        folder::bring_back(&scans, &app.config.attachments(), &app.sealer)?;
        let as_of = app.db.read(audit_log::newest_at)?;
        note(&app, &marked(&self.name(), as_of, clock.now_at(), BY))?;
        let next = localized!(
            "已登记：这个数据库是用 pg_restore 从 {} 恢复的。登录后在“人员与设置 > 备份与恢复”里放行：\
             在那以前不发消息，也不运行夜间任务。",
            "noted: pg_restore has filled this database from {}; sign in and let it go on in \
             人员与设置 > 备份与恢复: until then no message leaves and no job of the night runs",
            self.name()
        );
        writeln!(out, "{next}")?;
        Ok(())
    }
}

/// The scanned papers among whose copies this copy of the database stands.
pub fn scans_beside(file: &Path) -> PathBuf {
    file.parent().unwrap_or(file).join(folder::NAME)
}

fn go_on(config: Config, release: Release, out: &mut dyn Write) -> Result<(), CliError> {
    let app = super::open(config, Clock::real())?;
    if release != Release::Jobs
        && let Some(job) = clock::unfinished(&app, app.clock.now_at())?
    {
        return Err(CliError::input(localized!(
            "定时任务“{}”还没有补完：请运行 zhuxue serve，或 zhuxue job run {}，做完再放行消息",
            "{} ({}) has something to make up for: run zhuxue serve, or zhuxue job run, then again",
            job.words,
            job.name
        )));
    }
    let Some(office) = app.db.read(office::all)?.into_iter().next() else {
        let none = localized!("数据库里还没有中心", "there is no office in the database");
        return Err(CliError::input(none));
    };
    let actor = Actor::program(BY, &office.code);
    let sentence =
        act::run(
            &app,
            (&actor, &Scope::of(&office.code)),
            "restore: go on",
            |act| match release {
                Release::Jobs => {
                    go_on::jobs(act).map(|()| localized!("定时任务已经继续", "the jobs go on"))
                }
                other => go_on::messages(act, other == Release::Drop)
                    .map(|sentence| localized!("{sentence}", "the messages go on")),
            },
        )?;
    writeln!(out, "{sentence}")?;
    Ok(())
}

/// What a database says of itself that was put back.
pub fn marked(copy: &str, as_of: Option<NaiveDateTime>, at: NaiveDateTime, by: &str) -> Restored {
    Restored { copy: copy.to_owned(), as_of, at, by_name: by.to_owned(), jobs_released: false }
}

fn tell(out: &mut dyn Write, file: &Path, contents: &Contents) -> Result<(), CliError> {
    let as_of = contents.as_of.map_or_else(|| localized!("没有", "none"), minute);
    let held = localized!(
        "{}：{}，{} 份贷款档案，最后一次操作 {as_of}（以后做的都不在里面）",
        "{}: {}, {} loan files, last entry {as_of} (nothing done later is in it)",
        file.display(),
        contents.offices.join("、"),
        contents.files
    );
    writeln!(out, "{held}")?;
    Ok(())
}

fn put_in_place(file: &Path, database: &Path, mark: &Restored) -> AppResult<Option<PathBuf>> {
    if let Some(folder) = database.parent() {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|e| AppError::broken(format!("{}: {e}", folder.display())))?;
    }
    restore::put_in_place(file, database, mark)
}

/// Writes into the audit log of a database that was put back what it is, and holds messages and
/// jobs.
///
/// # Errors
/// As a write.
pub fn note(app: &App, restored: &Restored) -> AppResult<()> {
    for office in app.db.read(office::all)? {
        let actor = Actor::program(&restored.by_name, &office.code);
        let summary = format!("数据库恢复到备份 {}", restored.copy);
        act::run(app, (&actor, &Scope::of(&office.code)), "restored", |act| {
            restored::set(act.db, restored)?;
            clock::interrupt_all(act.db, jobs::back_up::JOB.name, act.now)?;
            act.audit(AuditEntry::of("restored", "备份", summary.clone()))
        })?;
    }
    Ok(())
}

/// Says on every workbench that the copy was not put back.
///
/// # Errors
/// As a write.
pub fn note_failed(app: &App, copy: &str, error: &AppError) -> AppResult<()> {
    for office in app.db.read(office::all)? {
        let now = app.clock.now_at();
        let line = Warning {
            office_code: office.code.clone(),
            kind: warning::RESTORE.to_owned(),
            key: String::new(),
            level: "bad".to_owned(),
            title: format!("没有恢复到备份 {copy}，数据和原来一样"),
            advice: format!("原因：{error}。解决以后请再恢复一次；不恢复了，明天这一行会消失"),
            url: "/admin/backups".to_owned(),
            due_on: None,
            since: now,
            seen_at: now,
        };
        let actor = Actor::program(BY, &office.code);
        act::run(app, (&actor, &Scope::of(&office.code)), "restore failed", |act| {
            warning::raise(act.db, &line)?;
            act.audit(AuditEntry::of("restored", "备份", line.title.clone()))
        })?;
    }
    Ok(())
}

/// The same in a folder that is removed at the end: opens it with this program, which brings it up
/// to date, and recomputes every figure.
fn rehearse(config: Config, file: &Path, out: &mut dyn Write) -> Result<(), CliError> {
    let folder = std::env::temp_dir().join(format!("zhuxue-restore-{}", random_hex(6)?));
    let rehearsed = rehearse_in(&folder, config, file, out);
    let removed = std::fs::remove_dir_all(&folder);
    rehearsed?;
    removed.map_err(|e| CliError::failed(format!("{}: {e}", folder.display())))
}

fn rehearse_in(
    folder: &Path,
    config: Config,
    file: &Path,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let database = folder.join("zhuxue.db");
    let clock = Clock::real();
    put_in_place(file, &database, &marked("", None, clock.now_at(), BY))?;
    let key_file = config.keys();
    let mut config = Config {
        data_dir: folder.to_path_buf(),
        database_url: format!("sqlite:{}", database.display()),
        key_file,
        ..config
    };
    config.mail.gateway = "off".to_owned();
    config.sms.gateway = "off".to_owned();
    let db = Database::open_scratch(&config.database(), config.database_connections)
        .map_err(CliError::failed)?;
    db.migrate().map_err(CliError::failed)?;
    let sealer = Sealer::from_file(&config.keys(), config.sealing).map_err(CliError::failed)?;
    super::keys::seal_accounts(&db, &sealer)?;
    drop(db);
    super::verify::Verify { repair: false, is_copy: true }.run(config, out)?;
    let done = localized!(
        "演练完成：这份备份可以恢复。数据没有改动，也没有发任何消息。",
        "rehearsed: this backup can be restored; no data were changed and no message was sent"
    );
    writeln!(out, "{done}")?;
    Ok(())
}
