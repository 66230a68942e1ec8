//! `zhuxue import undo IMPORT --user LOGIN [--yes --reason TEXT]`: takes an import back as a
//! whole, as the page does. Without --yes it only shows what that would come to.

use std::io::Write;

use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::ids::ImportId;
use crate::base::scope::Scope;
use crate::book::staff::{self, Right};
use crate::imports::batch;
use crate::imports::store::{self, ImportJob};
use crate::imports::undo::{self, Undoing};
use crate::plumbing::config::Config;

/// Lines shown of what it would do, and of what stands against it.
const LINES: usize = 200;

/// Takes an import back as a whole; only shows what that would come to without --yes.
#[derive(Clone, Debug, Args)]
pub struct Undo {
    /// Its number, as in the address of its page, or the name of its file.
    #[arg(value_name = "IMPORT")]
    pub import: String,
    /// In whose name (sign-in name): a reviewer or director.
    #[arg(long, value_name = "LOGIN")]
    pub user: Option<String>,
    /// Does it.
    #[arg(long)]
    pub yes: bool,
    /// Why; kept in the history.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Code of the office; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    pub office: Option<String>,
}

impl Undo {
    /// Shows what it would come to, and with --yes does it.
    ///
    /// # Errors
    /// Exit code 2 when it cannot be undone, with the reason.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = super::open(config, Clock::real())?;
        let scope = Scope::of(&super::office::chosen(&app, self.office.as_deref())?.code);
        // A sheet is taken back by somebody, never by whoever happens to come first.
        let user = self.user.ok_or_else(|| {
            CliError::input("--user: 请写明以谁的名义撤销，只有复核和主任可以（登录名）")
        })?;
        let right = Right::UndoImports;
        let by = app.db.read(|db| staff::who_may(db, scope.own(), right, Some(&user)))?;
        let by = by.ok_or_else(|| {
            let why = "不能撤销导入，只有复核和主任可以（账号要在用）";
            CliError::input(format!("--user: {user} {why}"))
        })?;
        let job = find(&app, &scope, &self.import)?;
        if let Some(why) = undo::refusal(&job) {
            return Err(CliError::input(format!("{}：{why}", job.file_name)));
        }
        let found = app.db.read(|db| undo::work_out(&app, db, &scope, &by, &job))?;
        if !found.against.is_empty() {
            return stands_against(&job, &found, out);
        }
        let reason = self.reason.as_deref().map_or("", str::trim);
        if self.yes && reason.is_empty() {
            return Err(CliError::input("--reason: 请写明为什么撤销，会记入操作记录"));
        }
        show(&job, &found, out)?;
        if !self.yes {
            writeln!(out, "没有撤销。要撤销，加上 --yes 和 --reason 再运行一次。")?;
            return Ok(());
        }
        if let Err(found) = undo::undo(&app, &scope, &by, job.id, reason)? {
            return stands_against(&job, &found, out);
        }
        let differ = batch::reconcile(&app, &scope, &[job.id])?;
        writeln!(out, "已整份撤销。与银行数字不一致 {differ} 处。")?;
        Ok(())
    }
}

/// By its number, or the only one that was posted under this name and not undone.
fn find(app: &App, scope: &Scope, import: &str) -> Result<ImportJob, CliError> {
    if let Ok(id) = import.parse::<i64>() {
        return Ok(app.db.read(|db| store::find(db, scope, ImportId::new(id)))?);
    }
    let all = app.db.read(|db| store::in_states(db, scope, &["posted", "posting", "stopped"]))?;
    let named: Vec<ImportJob> = all.into_iter().filter(|job| job.file_name == import).collect();
    let open: Vec<&ImportJob> = named.iter().filter(|job| job.undone_at.is_none()).collect();
    match (open.as_slice(), named.last()) {
        ([only], _) => Ok((*only).clone()),
        ([], Some(last)) => Ok(last.clone()),
        ([], None) => Err(CliError::input(format!("没有入过账的“{import}”"))),
        (several, _) => {
            let numbers: Vec<String> = several.iter().map(|job| job.id.to_string()).collect();
            let numbers = numbers.join("、");
            Err(CliError::input(format!("有几份“{import}”，请用编号指明是哪一份：{numbers}")))
        }
    }
}

fn some(lines: &[String], out: &mut dyn Write) -> Result<(), CliError> {
    for line in lines.iter().take(LINES) {
        writeln!(out, "  {line}")?;
    }
    if lines.len() > LINES {
        writeln!(out, "  还有 {} 处没有列出", lines.len() - LINES)?;
    }
    Ok(())
}

fn stands_against(job: &ImportJob, found: &Undoing, out: &mut dyn Write) -> Result<(), CliError> {
    some(&found.against, out)?;
    Err(CliError::input(format!(
        "{}：不能整份撤销，有 {} 处后来的记录建立在这份表上，什么都没有改",
        job.file_name,
        found.against.len()
    )))
}

fn show(job: &ImportJob, found: &Undoing, out: &mut dyn Write) -> Result<(), CliError> {
    writeln!(out, "撤销“{}”以后：", job.file_name)?;
    for (what, count) in found.counts().into_iter().filter(|(_, count)| *count > 0) {
        writeln!(out, "  {what} {count}")?;
    }
    for line in
        Some(&found.known).filter(|known| !known.is_empty()).into_iter().chain(&found.beside)
    {
        writeln!(out, "  {line}")?;
    }
    some(&found.lines, out)
}
