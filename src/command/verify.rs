//! `zhuxue verify [--repair]`: recomputes every position and the history chain and prints what
//! differs. Exit code 0: all is right; 1: something is not.

use std::io::Write;

use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::ids::LoanId;
use crate::base::scope::Scope;
use crate::book::{audit_log, office, verify};
use crate::jobs;
use crate::plumbing::config::Config;

/// Loans checked in one snapshot.
const AT_ONCE: i64 = 1_000;
/// Findings printed; the rest is only counted.
const SHOWN: usize = 100;

/// Recomputes every position and the history chain; prints what differs.
#[derive(Clone, Copy, Debug, Args)]
pub struct Verify {
    /// Stores positions anew where they differ. The events are never touched.
    #[arg(long)]
    pub repair: bool,
}

impl Verify {
    /// Checks, and repairs when asked to.
    ///
    /// # Errors
    /// Exit code 1 when something differs (and was not repaired) or the chain is broken.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = super::open(config, Clock::real())?;
        let damage = app.db.damage()?;
        for one in &damage {
            writeln!(out, "database file: {one}")?;
        }
        let (mut loans, mut wrong, mut broken) = (0, 0, !damage.is_empty());
        for office in app.db.read(office::all)? {
            let scope = Scope::of(&office.code);
            let (checked, found) = self.positions(&app, &scope, wrong, out)?;
            loans += checked;
            wrong += found;
            broken |= chain(&app, &office.code, out)?;
        }
        let repaired = if self.repair && wrong > 0 { ", stored anew" } else { "" };
        writeln!(out, "{loans} loans checked, {wrong} findings{repaired}")?;
        if broken || (wrong > 0 && !self.repair) {
            return Err(CliError::failed("verify: the books are not right, see above"));
        }
        Ok(())
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

/// Chains what is not chained yet, then walks the chain. True when it is broken.
fn chain(app: &App, office_code: &str, out: &mut dyn Write) -> Result<bool, CliError> {
    jobs::chain_history::chain_all(app)?;
    let state = app.db.read(|db| audit_log::verify_chain(db, office_code))?;
    writeln!(out, "history of {office_code}: {state}")?;
    Ok(!state.is_whole())
}
