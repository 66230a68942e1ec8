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
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::{act, office};
use crate::error::{AppError, AppResult};
use crate::plumbing::config::Config;
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::{Address, Database};
use crate::plumbing::restore::{self, Contents};
use crate::plumbing::restored::{self, Restored};

/// In whose name the command line works.
const BY: &str = "zhuxue restore";

/// Puts a backup in the place of the database.
#[derive(Clone, Debug, Args)]
pub struct Restore {
    /// A file of the folder of backups, such as zhuxue-2026-11-28.db.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Puts it into a temporary folder, checks every figure there, changes and sends nothing.
    #[arg(long)]
    pub rehearse: bool,
}

impl Restore {
    /// Looks at the copy, puts it in place, says what to do next.
    ///
    /// # Errors
    /// Exit code 2 when the copy cannot be used or the program runs; 1 when the disk says no.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let file = match self.file.exists() {
            true => self.file.clone(),
            false => config.backups().join(&self.file),
        };
        let Address::Sqlite(database) =
            Address::parse(&config.database()).map_err(CliError::input)?
        else {
            return Err(CliError::input(
                "数据在 PostgreSQL 里：请用 pg_restore 恢复到一个空的数据库，再把 database_url 指向它",
            ));
        };
        let keys = config.keys();
        if !keys.exists() {
            return Err(CliError::input(format!(
                "密钥文件 {} 不在：请先把密钥的副本放回原处，没有它打不开备份里的号码",
                keys.display()
            )));
        }
        let sealer = Sealer::from_file(&keys, config.sealing).map_err(CliError::failed)?;
        let contents = restore::look_at(&file, &sealer)?;
        tell(out, &file, &contents)?;
        if self.rehearse {
            return rehearse(config, &file, out);
        }
        let clock = Clock::real();
        let copy = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let aside = put_in_place(&file, &database, clock.now_at())?;
        let app = super::open(config, clock)?;
        note(&app, &copy, contents.as_of, BY)?;
        if let Some(aside) = aside {
            writeln!(out, "原来的数据没有删除，现在叫 {}", aside.display())?;
        }
        writeln!(
            out,
            "已恢复。请运行 zhuxue serve，登录后在“人员与设置 > 备份与恢复”里放行：\
             在那以前不发消息，也不运行夜间任务。"
        )?;
        Ok(())
    }
}

fn tell(out: &mut dyn Write, file: &Path, contents: &Contents) -> Result<(), CliError> {
    let as_of = contents.as_of.map_or_else(|| "没有".to_owned(), minute);
    writeln!(
        out,
        "{}：{}，{} 份贷款档案，最后一次操作 {as_of}（以后做的都不在里面）",
        file.display(),
        contents.offices.join("、"),
        contents.files
    )?;
    Ok(())
}

fn put_in_place(file: &Path, database: &Path, now: NaiveDateTime) -> AppResult<Option<PathBuf>> {
    if let Some(folder) = database.parent() {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|e| AppError::broken(format!("{}: {e}", folder.display())))?;
    }
    restore::put_in_place(file, database, now)
}

/// Writes down in the database that was put back what it is, and holds messages and jobs.
///
/// # Errors
/// As a write.
pub fn note(app: &App, copy: &str, as_of: Option<NaiveDateTime>, by: &str) -> AppResult<()> {
    let at = app.clock.now_at();
    let (copy, by_name) = (copy.to_owned(), by.to_owned());
    let restored = Restored { copy, as_of, at, by_name, jobs_released: false };
    for office in app.db.read(office::all)? {
        let actor = Actor::program(by, &office.code);
        let summary = format!("数据库恢复到备份 {}", restored.copy);
        act::run(app, (&actor, &Scope::of(&office.code)), "restored", |act| {
            restored::set(act.db, &restored)?;
            act.audit(AuditEntry::of("restored", "备份", summary.clone()))
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
    put_in_place(file, &database, clock.now_at())?;
    let key_file = config.keys();
    let mut config = Config {
        data_dir: folder.to_path_buf(),
        database_url: format!("sqlite:{}", database.display()),
        key_file,
        ..config
    };
    config.mail.gateway = "off".to_owned();
    config.sms.gateway = "off".to_owned();
    Database::open_scratch(&config.database(), config.database_connections)
        .and_then(|db| db.migrate())
        .map_err(CliError::failed)?;
    super::verify::Verify { repair: false }.run(config, out)?;
    writeln!(out, "演练完成：这份备份可以恢复。数据没有改动，也没有发任何消息。")?;
    Ok(())
}
