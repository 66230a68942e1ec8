//! `zhuxue verify [--repair]`: recomputes every position and the history chain, reads every scanned
//! paper and prints what differs. Exit code 0: all is right; 1: something is not.

use std::io::Write;

use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::ids::{LoanId, RowId};
use crate::base::scope::Scope;
use crate::book::audit_log::Heads;
use crate::book::{attachment, audit_log, office, verify};
use crate::jobs;
use crate::localized;
use crate::plumbing::config::Config;

/// Loans checked in one snapshot.
const AT_ONCE: i64 = 1_000;
/// Findings printed; the rest is only counted.
const SHOWN: usize = 100;

/// Recomputes every position and the history chain; prints what differs.
#[derive(Clone, Copy, Debug, Args)]
pub struct Verify {
    /// Stores positions anew where they differ, and takes accounts as they stand. The events are
    /// never touched.
    #[arg(long)]
    pub repair: bool,
    /// A copy that is tried out knows nothing of what this machine has seen last.
    #[arg(skip)]
    pub is_copy: bool,
}

impl Verify {
    /// Checks, and repairs when asked to.
    ///
    /// # Errors
    /// Exit code 1 when something differs (and was not repaired) or the chain is broken.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let heads = match self.is_copy {
            true => Heads::default(),
            false => Heads::beside(&config.keys()),
        };
        let app = super::open(config, Clock::real())?;
        let damage = app.db.damage()?;
        for one in &damage {
            writeln!(out, "{}", localized!("数据库文件：{one}", "database file: {one}"))?;
        }
        let (mut loans, mut wrong, mut broken) = (0, 0, !damage.is_empty());
        for office in app.db.read(office::all)? {
            let scope = Scope::of(&office.code);
            let (checked, found) = self.positions(&app, &scope, wrong, out)?;
            loans += checked;
            wrong += found;
            broken |= chain(&app, &office.code, &heads, out)?;
            broken |= self.accounts(&app, &scope, out)?;
            broken |= scans(&app, &scope, out)?;
        }
        let done = match self.repair && wrong > 0 {
            true => localized!(
                "核对了 {loans} 份合同，{wrong} 处不符，已重新计算",
                "{loans} loans checked, {wrong} findings, stored anew"
            ),
            false => localized!(
                "核对了 {loans} 份合同，{wrong} 处不符",
                "{loans} loans checked, {wrong} findings"
            ),
        };
        writeln!(out, "{done}")?;
        if broken || (wrong > 0 && !self.repair) {
            return Err(CliError::failed(localized!(
                "账目不对，见上面各行",
                "verify: the books are not right, see above"
            )));
        }
        Ok(())
    }

    /// Accounts that somebody else has written; true when there are any left.
    fn accounts(self, app: &App, scope: &Scope, out: &mut dyn Write) -> Result<bool, CliError> {
        let found = app.db.read(|db| verify::check_accounts(db, scope, &app.sealer))?;
        for account in &found {
            let line = localized!(
                "账号 {account}：在本系统以外改过",
                "account {account}: not as this program wrote it"
            );
            writeln!(out, "{line}")?;
        }
        if self.repair && !found.is_empty() {
            verify::accept_accounts(app, scope, &found)?;
        }
        Ok(!self.repair && !found.is_empty())
    }

    fn positions(
        self,
        app: &App,
        scope: &Scope,
        shown_already: usize,
        out: &mut dyn Write,
    ) -> Result<(usize, usize), CliError> {
        let (mut after, mut loans, mut wrong) = (LoanId::new(0), 0, 0);
        loop {
            let ids = app.db.read(|db| verify::next_loans(db, scope, after, AT_ONCE))?;
            let Some(last) = ids.last().copied() else { return Ok((loans, wrong)) };
            let found = app.db.read(|db| verify::check(db, scope, &app.basis(), &ids))?;
            for finding in &found {
                if shown_already + wrong < SHOWN {
                    writeln!(out, "{}", finding.what)?;
                }
                wrong += 1;
            }
            if self.repair && !found.is_empty() {
                verify::repair(app, scope, &found)?;
            }
            loans += ids.len();
            after = last;
        }
    }
}

/// Scanned papers whose file is not what was attached; true when there are any.
fn scans(app: &App, scope: &Scope, out: &mut dyn Write) -> Result<bool, CliError> {
    let (mut after, mut found) = (RowId::new(0), false);
    let folder = app.config.attachments();
    loop {
        let rows = app.db.read(|db| attachment::next(db, scope, after, AT_ONCE))?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.id;
        for line in attachment::damaged(&folder, &app.sealer, &rows) {
            writeln!(out, "{line}")?;
            found = true;
        }
    }
}

/// Chains what is not chained yet, then walks the chain. True when it is broken.
fn chain(
    app: &App,
    office_code: &str,
    heads: &Heads,
    out: &mut dyn Write,
) -> Result<bool, CliError> {
    jobs::chain_history::chain_all(app)?;
    let state = app.db.read(|db| audit_log::verify_chain(db, office_code))?;
    let line = localized!("{office_code} 的操作记录：{state}", "history of {office_code}: {state}");
    writeln!(out, "{line}")?;
    let lost = app.db.read(|db| heads.lost(db, office_code))?;
    if let Some(number) = lost {
        let line = localized!(
            "{office_code} 的操作记录：本机见过的第 {number} 条不在里面；数据库是更早的，或者记录被重写过",
            "history of {office_code}: link {number}, which this machine has seen, is not in it: \
             an older database, or a chain written anew"
        );
        writeln!(out, "{line}")?;
    }
    Ok(!state.is_whole() || lost.is_some())
}
