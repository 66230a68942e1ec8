//! `zhuxue import FILE... [--as-of DAY] [--dry-run]`: the same check and posting as the page.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::CliError;
use super::import_undo::Undo;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::ids::ImportId;
use crate::base::language::cause;
use crate::base::scope::Scope;
use crate::book::audit_log::Actor;
use crate::book::staff::{self, Right};
use crate::book::statement::Product;
use crate::imports::batch::{self, Batch, Upload};
use crate::imports::findings;
use crate::imports::layout::Layout;
use crate::imports::read::Columns;
use crate::imports::{columns, store};
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::sheet::{self, SheetLimits};

/// Imports sheets (XLSX, XLS, ODS, CSV), recognised by their headings, in any order.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Import {
    /// Something else than importing.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Files to import; with --template, the file to write.
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
    /// The kind of the sheets (borrowers, contracts, repayments ...), when title and headings
    /// leave it open. Kept for the next sheet with the same headings.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<Layout>,
    /// With --kind: which heading stands for which column, such as 合同号码=合同编号.
    #[arg(long = "bind", value_name = "HEADING=COLUMN", requires = "kind")]
    pub binds: Vec<String>,
    /// Posts although something is out of the ordinary that was shown before.
    #[arg(long)]
    pub confirmed: bool,
    /// Prints every row with a remark, not only those that were not taken.
    #[arg(long)]
    pub remarks: bool,
    /// Writes an empty sheet of this kind (.xlsx) instead of importing.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub template: Option<Layout>,
    /// Code of the office; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    pub office: Option<String>,
}

/// What can be done with an import afterwards.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Takes one back as a whole; only shows what that would come to without --yes.
    Undo(Undo),
}

impl Import {
    /// Checks and posts; prints a line per file and every refused row.
    ///
    /// # Errors
    /// Exit code 2 for a file that cannot be imported (the others are); 1 for our own trouble.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        if let Some(Verb::Undo(undo)) = self.verb {
            return undo.run(config, out);
        }
        let product = Product::from_text(&self.product).ok_or_else(|| {
            CliError::input(
                localized!(
                    "--product：应为 cdb（国家开发银行）或 local（地方免息）",
                    "--product: expected cdb or local"
                )
                .to_owned(),
            )
        })?;
        if let Some(layout) = self.template {
            return self.write_template(layout, out);
        }
        let uploads = self.read_files()?;
        let app = super::open(config, Clock::real())?;
        let (scope, by) = self.who(&app)?;
        self.choose(&app, &scope, &by, &uploads)?;
        let mut batch = batch::receive_files(&app, &scope, &by, &uploads, self.as_of, product)?;
        batch::refuse_other_day(&app, &scope, &mut batch, self.as_of)?;
        put_away_unsure(&app, &scope, &mut batch)?;
        self.ask_for_day(&app, &scope, &batch)?;
        batch::check(&app, &scope, &batch, |_| {})?;
        let stopped = show_columns(&app, &scope, &batch, out)?;
        if stopped && !self.confirmed && !self.dry_run {
            drop_all(&app, &scope, &batch.jobs)?;
            return Err(CliError::input(
                "有要先核对的地方，什么都没有入账；核对过了，加上 --confirmed 再导入一次"
                    .to_owned(),
            ));
        }
        let mut differ = 0;
        if !self.dry_run {
            differ = batch::post(&app, &scope, &batch, |_| {})?;
        }
        let mut refused = 0;
        for id in &batch.jobs {
            refused += self.report(&app, &scope, *id, out)?;
        }
        let left = if self.dry_run { Vec::new() } else { not_posted(&app, &scope, &batch)? };
        if self.dry_run {
            writeln!(out, "核对完成，没有入账。")?;
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
        if lines.is_empty() { Ok(()) } else { Err(CliError::input(lines.join("\n"))) }
    }

    /// Balances without a day cannot be used: asked before anything is posted, once per file.
    fn ask_for_day(&self, app: &App, scope: &Scope, batch: &Batch) -> Result<(), CliError> {
        let without: Vec<String> = app.db.read(|db| {
            let mut names = Vec::new();
            for id in &batch.jobs {
                let job = store::find(db, scope, *id)?;
                if job.as_of.is_none() && job.layout == Layout::CONTRACTS.as_text() {
                    names.push(job.file_name);
                }
            }
            Ok(names)
        })?;
        if without.is_empty() {
            return Ok(());
        }
        drop_all(app, scope, &batch.jobs)?;
        Err(CliError::input(format!(
            "{}: 表里没有写余额是哪一天的，请用 --as-of 指定，例如 --as-of 2026-10-31；什么都没有导入",
            without.join("、")
        )))
    }

    /// What --kind and --bind say about the sheets.
    fn choose(
        &self,
        app: &App,
        scope: &Scope,
        by: &Actor,
        uploads: &[Upload],
    ) -> Result<(), CliError> {
        let (Some(layout), Some(staff_id)) = (self.kind, by.staff_id) else { return Ok(()) };
        let pick = |bind: &String| {
            bind.split_once('=')
                .map(|(heading, column)| (heading.trim().to_owned(), column.trim().to_owned()))
                .ok_or_else(|| {
                    CliError::input(localized!(
                        "--bind：应写成 表头=列名，而不是 {bind}",
                        "--bind: expected HEADING=COLUMN, not {bind}"
                    ))
                })
        };
        let picks: Vec<(String, String)> = self.binds.iter().map(pick).collect::<Result<_, _>>()?;
        for upload in uploads {
            let tables =
                sheet::read(&upload.bytes, &SheetLimits::default()).map_err(|problem| {
                    CliError::input(format!("{}: {}", upload.name, problem.to_chinese()))
                })?;
            for table in &tables {
                columns::choose_for(app, (scope, staff_id), table, layout, &picks)?;
            }
        }
        Ok(())
    }

    fn write_template(&self, layout: Layout, out: &mut dyn Write) -> Result<(), CliError> {
        let [path] = self.files.as_slice() else {
            return Err(CliError::input(
                localized!(
                    "--template：请写一个要生成的文件名",
                    "--template: name one file to write"
                )
                .to_owned(),
            ));
        };
        std::fs::write(path, columns::empty_sheet(layout)?).map_err(|e| {
            CliError::input(localized!(
                "{}：写不进去（{e}）",
                "{}: cannot be written ({e})",
                path.display(),
                e = cause(&e)
            ))
        })?;
        writeln!(out, "{}：空的{}", path.display(), layout.short_title())?;
        Ok(())
    }

    fn read_files(&self) -> Result<Vec<Upload>, CliError> {
        self.files
            .iter()
            .map(|path| {
                let bytes = std::fs::read(path).map_err(|e| {
                    CliError::input(localized!(
                        "{}：读不出来（{e}）",
                        "{}: cannot be read ({e})",
                        path.display(),
                        e = cause(&e)
                    ))
                })?;
                let name = path
                    .file_name()
                    .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
                Ok(Upload { name, bytes })
            })
            .collect()
    }

    fn who(&self, app: &App) -> Result<(Scope, Actor), CliError> {
        let office = super::office::chosen(app, self.office.as_deref())?.code;
        let right = Right::Import;
        let by = app.db.read(|db| staff::who_may(db, &office, right, self.user.as_deref()))?;
        let by = by.ok_or_else(|| {
            CliError::input(localized!(
                "--user：没有可以导入的启用账号，见 zhuxue user add --help",
                "--user: there is no active account that may import; see zhuxue user add"
            ))
        })?;
        Ok((Scope::of(&office), by))
    }
}

/// Files that did not come to their end: stopped from a page, or waiting for one that was.
fn not_posted(app: &App, scope: &Scope, batch: &Batch) -> Result<Vec<String>, CliError> {
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

/// Sheets that leave open what they are go no further here: nobody is there to choose.
fn put_away_unsure(app: &App, scope: &Scope, batch: &mut Batch) -> Result<(), CliError> {
    for id in std::mem::take(&mut batch.asks) {
        let job = app.db.read(|db| store::find(db, scope, id))?;
        let why = format!("{}（用 --kind 选定种类，用 --bind 选定列）", job.problem);
        batch.refused.push((job.file_name, why));
        drop_all(app, scope, &[id])?;
    }
    Ok(())
}

/// Says what is read as what, and what is out of the ordinary. True when that stops a sheet.
fn show_columns(
    app: &App,
    scope: &Scope,
    batch: &Batch,
    out: &mut dyn Write,
) -> Result<bool, CliError> {
    let mut stopped = false;
    for id in &batch.jobs {
        let job = app.db.read(|db| store::find(db, scope, *id))?;
        let columns = Columns::from_text(&job.bindings);
        let bound: Vec<String> = columns
            .bound
            .iter()
            .map(
                |(own, column)| {
                    if own == column { own.clone() } else { format!("{own}→{column}") }
                },
            )
            .collect();
        writeln!(out, "{}", job.file_name)?;
        for (what, names) in
            [("读取的列", &bound), ("没有读取的列", &columns.unread), ("没有的列", &columns.absent)]
        {
            if !names.is_empty() {
                writeln!(out, "  {what}：{}", names.join("、"))?;
            }
        }
        for finding in findings::from_text(&job.findings) {
            writeln!(out, "  {}{}", if finding.stops { "请核对：" } else { "" }, finding.text)?;
        }
        stopped |= findings::waits(&job);
    }
    Ok(stopped)
}

impl Import {
    fn report(
        &self,
        app: &App,
        scope: &Scope,
        id: ImportId,
        out: &mut dyn Write,
    ) -> Result<usize, CliError> {
        let shown = if self.remarks { "noted" } else { "refused" };
        let (job, rows, warned, noted) = app.db.read(|db| {
            let rows = store::rows(db, id, Some(shown), 0, i64::MAX)?;
            let (warned, noted) = (store::count_warned(db, id)?, store::count_noted(db, id)?);
            Ok((store::find(db, scope, id)?, rows, warned, noted))
        })?;
        let title = Layout::from_text(&job.layout).map_or("?", Layout::short_title);
        let verb = if self.dry_run { "核对" } else { "入账" };
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
        if noted > 0 {
            let hint = if self.remarks { "" } else { "，加上 --remarks 逐行列出" };
            writeln!(out, "  有提示 {warned} 行，有说明的共 {noted} 行{hint}")?;
        }
        for row in &rows {
            let amount = row
                .amount_fen
                .map_or_else(String::new, |fen| format!(" {} 元", fen.to_page_text()));
            let notes = row.notes.replace('\n', " ");
            let who = if row.name.is_empty() { "" } else { " " };
            writeln!(out, "  第 {} 行{who}{}{amount}：{notes}", row.line, row.name)?;
        }
        Ok(rows.iter().filter(|row| row.outcome == "refused").count())
    }
}

/// A kind of sheet by its key.
fn kind(text: &str) -> Result<Layout, String> {
    Layout::from_text(text).ok_or_else(|| {
        let keys: Vec<&str> = Layout::ALL.into_iter().map(Layout::as_text).collect();
        localized!("应为其中之一：{}", "expected one of {}", keys.join(", "))
    })
}

/// A dry run leaves no import behind that somebody might post by mistake.
fn drop_all(app: &App, scope: &Scope, jobs: &[ImportId]) -> Result<(), CliError> {
    app.db.write("drop dry run", |db| {
        for id in jobs {
            store::drop_job(db, scope, *id)?;
        }
        Ok(())
    })?;
    Ok(())
}
