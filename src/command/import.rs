//! `zhuxue import FILE... [--as-of DAY] [--dry-run]`: the same check and posting as the page.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::Stop;
use crate::app::App;
use crate::book::dates::Clock;
use crate::book::history::By;
use crate::book::ids::ImportId;
use crate::book::office::{self, Scope};
use crate::book::staff;
use crate::book::statement::Product;
use crate::desk::importing::batch::{self, Batch, Upload};
use crate::desk::importing::store;
use crate::desk::imports::Layout;
use crate::plumbing::config::Config;

/// Imports sheets (XLSX, XLS, ODS, CSV), recognised by their headings, in any order.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// Files to import.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The day the balances are of, for sheets that do not say it, such as 2026-10-31.
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<NaiveDate>,
    /// Checks only; stores nothing but the check itself.
    #[arg(long)]
    pub dry_run: bool,
    /// In whose name (sign-in name); the first active clerk, reviewer or director without it.
    #[arg(long, value_name = "LOGIN")]
    pub user: Option<String>,
    /// Product of the contracts: cdb (国家开发银行) or local (地方免息).
    #[arg(long, default_value = "cdb")]
    pub product: String,
    /// Code of the office; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    pub office: Option<String>,
}

impl Import {
    /// Checks and posts; prints a line per file and every refused row.
    ///
    /// # Errors
    /// Exit code 2 for a file that cannot be imported (the others are); 1 for our own trouble.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), Stop> {
        let product = Product::from_text(&self.product)
            .ok_or_else(|| Stop::input("--product: expected cdb or local".to_owned()))?;
        let uploads = self.read_files()?;
        let app = super::open(config, Clock::real())?;
        let (scope, by) = self.who(&app)?;
        let batch = batch::take_in(&app, &scope, &by, &uploads, self.as_of, product)?;
        self.ask_for_day(&app, &scope, &batch)?;
        batch::check(&app, &scope, &batch, |_| {})?;
        let mut differ = 0;
        if !self.dry_run {
            differ = batch::post(&app, &scope, &batch, |_| {})?;
        }
        let mut refused = 0;
        for id in &batch.jobs {
            refused += report(&app, &scope, *id, self.dry_run, out)?;
        }
        let left = if self.dry_run { Vec::new() } else { not_posted(&app, &scope, &batch)? };
        if self.dry_run {
            writeln!(out, "试核完成，没有入账。")?;
            drop_all(&app, &scope, &batch.jobs)?;
        } else if differ > 0 {
            writeln!(out, "与银行数字不一致 {differ} 处，见“与银行核对”页面。")?;
        }
        let mut lines: Vec<String> =
            batch.refused.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        if !left.is_empty() {
            let names = left.join("、");
            lines.push(format!("{names}: 还没有入账完，请在“导入与批处理”页面接着做"));
        }
        if refused > 0 {
            lines.push(format!("{refused} 行没有导入，原因见上；其他行不受影响"));
        }
        if lines.is_empty() { Ok(()) } else { Err(Stop::input(lines.join("\n"))) }
    }

    /// Balances without a day cannot be used: asked before anything is posted, once per file.
    fn ask_for_day(&self, app: &App, scope: &Scope, batch: &Batch) -> Result<(), Stop> {
        let without: Vec<String> = app.db.read(|db| {
            let mut names = Vec::new();
            for id in &batch.jobs {
                let job = store::find(db, scope, *id)?;
                if job.as_of.is_none() && job.layout == Layout::Contracts.as_text() {
                    names.push(job.file_name);
                }
            }
            Ok(names)
        })?;
        if without.is_empty() {
            return Ok(());
        }
        drop_all(app, scope, &batch.jobs)?;
        Err(Stop::input(format!(
            "{}: 表里没有写余额是哪一天的，请用 --as-of 指定，例如 --as-of 2026-10-31；什么都没有导入",
            without.join("、")
        )))
    }

    fn read_files(&self) -> Result<Vec<Upload>, Stop> {
        self.files
            .iter()
            .map(|path| {
                let bytes = std::fs::read(path).map_err(|e| {
                    Stop::input(format!("{}: cannot be read ({e})", path.display()))
                })?;
                let name = path
                    .file_name()
                    .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
                Ok(Upload { name, bytes })
            })
            .collect()
    }

    fn who(&self, app: &App) -> Result<(Scope, By), Stop> {
        let offices = app.db.read(office::all)?;
        let office = match (&self.office, offices.as_slice()) {
            (Some(code), all) => all
                .iter()
                .find(|office| office.code == *code)
                .ok_or_else(|| Stop::input(format!("--office: there is no office {code}")))?,
            (None, [only]) => only,
            (None, []) => {
                return Err(Stop::input(
                    "there is no office yet; set one up first: zhuxue office add --help",
                ));
            }
            (None, _) => {
                return Err(Stop::input("--office: there are several offices, name one"));
            }
        };
        let by = app.db.read(|db| staff::importer(db, &office.code, self.user.as_deref()))?;
        let by = by.ok_or_else(|| {
            Stop::input("--user: there is no active account that may import; see zhuxue user add")
        })?;
        Ok((Scope::of(&office.code), by))
    }
}

/// Files that did not come to their end: stopped from a page, or waiting for one that was.
fn not_posted(app: &App, scope: &Scope, batch: &Batch) -> Result<Vec<String>, Stop> {
    Ok(app.db.read(|db| {
        let mut names = Vec::new();
        for id in &batch.jobs {
            let job = store::find(db, scope, *id)?;
            if job.state != "posted" {
                names.push(job.file_name);
            }
        }
        Ok(names)
    })?)
}

fn report(
    app: &App,
    scope: &Scope,
    id: ImportId,
    dry_run: bool,
    out: &mut dyn Write,
) -> Result<usize, Stop> {
    let (job, refused) = app.db.read(|db| {
        Ok((store::find(db, scope, id)?, store::rows(db, id, Some("refused"), 0, i64::MAX)?))
    })?;
    let title = Layout::from_text(&job.layout).map_or("?", Layout::short_title);
    let verb = if dry_run { "核对" } else { "入账" };
    writeln!(
        out,
        "{}（{title}）{verb}：新增 {}，一致 {}，更新 {}，未导入 {}，跳过 {}",
        job.file_name,
        job.new_rows,
        job.same_rows,
        job.changed_rows,
        job.refused_rows,
        job.skipped_rows
    )?;
    if !job.problem.is_empty() {
        writeln!(out, "  {}", job.problem)?;
    }
    for row in &refused {
        writeln!(out, "  第 {} 行：{}", row.line, row.notes.replace('\n', " "))?;
    }
    Ok(refused.len())
}

/// A dry run leaves no import behind that somebody might post by mistake.
fn drop_all(app: &App, scope: &Scope, jobs: &[ImportId]) -> Result<(), Stop> {
    app.db.write("drop dry run", |db| {
        for id in jobs {
            store::drop_job(db, scope, *id)?;
        }
        Ok(())
    })?;
    Ok(())
}
