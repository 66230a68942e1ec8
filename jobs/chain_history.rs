//! Gives history rows their place in the chain of their office, a moment after they were written.
//!
//! When: every few seconds while the program serves. Missed: the next run takes up everything
//! that has no place yet, so nothing is lost by a stop or a crash. Several program instances may
//! run it at once: a place is given inside one write, so no two rows get the same.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::book::audit_log::{self, ChainState, Heads};
use crate::book::office;
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "chain_history",
    words: "操作留痕入链",
    cron: "*/5 * * * * *",
    missed: Missed::Often,
    run,
};

/// Rows given a place in one write.
const AT_ONCE: i64 = 500;

/// Chains everything that has no place yet.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    Ok(Counts { done: count(chain_all(app)?), ..Counts::default() })
}

/// The same; returns how many rows that were.
pub fn chain_all(app: &App) -> AppResult<usize> {
    let offices = app.db.read(office::all)?;
    let mut all = 0;
    for office in offices {
        let mut last = None;
        // A read first: nearly always there is nothing to do, and then nobody is kept waiting.
        while app.db.read(|db| audit_log::has_unchained(db, &office.code))? {
            let chained =
                app.db.write("chain history", |db| audit_log::chain(db, &office.code, AT_ONCE))?;
            all += chained.rows;
            if let Some((number, hash)) = &chained.head {
                // Outside of the database: who rewrites the whole chain must rewrite the logs too.
                tracing::info!(office = %office.code, number, hash, "history chained");
            }
            if chained.rows == 0 {
                break;
            }
            last = chained.head;
        }
        if let Some((number, hash)) = last {
            remember(app, &office.code, number, &hash)?;
        }
    }
    Ok(all)
}

/// Beside the keys, where this program serves; what is lost there is not written over.
fn remember(app: &App, office_code: &str, number: i64, hash: &str) -> AppResult<()> {
    let heads = app.shared.get::<Heads>();
    if let Some(lost) = app.db.read(|db| heads.lost(db, office_code))? {
        tracing::error!(office = office_code, lost, "the history does not hold its last link");
        return Ok(());
    }
    if let Err(error) = heads.follow(office_code, number, hash) {
        tracing::warn!(%error, "the last link of the history is only in the log");
    }
    Ok(())
}

/// Recomputes the chain of every office from its first link and keeps what was found, for the
/// audit page. Part of `jobs/check_books.rs`; a broken link is shouted into the log.
pub fn verify(app: &App) -> AppResult<Vec<(String, ChainState)>> {
    let mut found = Vec::new();
    for office in app.db.read(office::all)? {
        let state = app.db.read(|db| audit_log::verify_chain(db, &office.code))?;
        if let ChainState::Broken { number, why } = &state {
            tracing::error!(office = %office.code, number, why, "the history was tampered with");
        }
        let now = app.clock.now_at();
        app.db.write("history verified", |db| {
            audit_log::keep_verified(db, &office.code, &state, now)
        })?;
        found.push((office.code, state));
    }
    Ok(found)
}
