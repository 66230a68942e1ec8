//! Refreshes the positions that change because time passes: the day after a due day, a day of
//! penalty interest, the end of study. Files become overdue, or are so no more, by this.
//!
//! When: just after midnight, and at the first start of a day on which it has not run (it asks
//! "which positions can have changed by today and are not refreshed?"). Why: lists and reports
//! read positions, not events. Missed: the next run does all days at once; a position depends on
//! the day it is for, not on the days between. Several program instances may run it at once.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use chrono::NaiveDate;
use futures_util::future::select;
use tokio::sync::watch;

use super::count;
use crate::app::App;
use crate::base::ids::FileId;
use crate::base::scope::Scope;
use crate::book::notice::own_texts;
use crate::book::{office, person, position};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job =
    Job {
        name: "close_day", words: "日终结转", cron: "5 0 0 * * *", missed: Missed::Latest, run
    };

/// Refreshes everything that can have changed by today; tells how many files became overdue.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    fill_initials(app)?;
    let Changed { loans, became, left } = refresh(app)?;
    let note = match (became, left) {
        (0, 0) => String::new(),
        (became, 0) => format!("新增逾期 {became} 人"),
        (0, left) => format!("不再逾期 {left} 人"),
        (became, left) => format!("新增逾期 {became} 人，不再逾期 {left} 人"),
    };
    Ok(Counts { done: count(loans), note, ..Counts::default() })
}

/// The same; returns how many loans were refreshed.
pub fn refresh_all(app: &App) -> AppResult<usize> {
    Ok(refresh(app)?.loans)
}

/// How often a program that serves looks whether another instance has confirmed a value.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Until told to stop: takes over rules that were confirmed in another instance, and computes at
/// once what depends on them. At the start it finishes what a stopped program had begun.
pub async fn listen(app: App, mut shutdown: watch::Receiver<bool>) {
    let mut is_first = true;
    while !*shutdown.borrow() {
        let own = app.clone();
        let first = std::mem::take(&mut is_first);
        let work = actix_web::web::block(move || {
            own_texts::follow(&own)?;
            let newer = own.follow_rules()?;
            if first {
                fill_initials(&own)?;
            }
            if newer || (first && own.basis().version > 0) {
                refresh_all(&own)?;
            }
            AppResult::Ok(())
        });
        if let Ok(Err(error)) = work.await {
            tracing::error!(%error, "newer rules could not be taken over");
        }
        select(pin!(shutdown.changed()), pin!(tokio::time::sleep(LOOK_EVERY))).await;
    }
}

/// Names that a version before wrote without their initials can be found by them.
fn fill_initials(app: &App) -> AppResult<()> {
    loop {
        let missing = app.db.read(person::without_initials)?;
        if missing.is_empty() {
            return Ok(());
        }
        app.db.write("initials of names", |db| person::fill_initials(db, &missing))?;
    }
}

#[derive(Default)]
struct Changed {
    loans: usize,
    became: usize,
    left: usize,
}

fn refresh(app: &App) -> AppResult<Changed> {
    let today = app.clock.today();
    let mut all = Changed::default();
    for office in app.db.read(office::all)? {
        let scope = Scope::of(&office.code);
        // A read first: nearly always there is nothing to do, and then nobody is kept waiting.
        if !app.db.read(|db| position::is_any_due(db, &scope, today))? {
            continue;
        }
        let overdue = || -> AppResult<HashSet<FileId>> {
            Ok(app.db.read(|db| position::overdue_files(db, &scope))?.into_iter().collect())
        };
        let before = overdue()?;
        // Another instance may have newer rules by now.
        all.loans += position::catch_up(&app.db, &scope, today, || app.newest_basis())?;
        let after = overdue()?;
        all.became += after.difference(&before).count();
        all.left += before.difference(&after).count();
    }
    app.db.learn_sizes();
    if all.loans > 0 {
        app.note_change();
        tracing::info!(loans = all.loans, day = %today, "positions refreshed");
    }
    Ok(all)
}
