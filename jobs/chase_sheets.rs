//! Puts one line on the workbench while visit sheets are out after the day on which they should
//! have come back, and takes it away when they are back. Writes to nobody: whoever handed the
//! sheets over asks for them.
//!
//! When: every morning. Missed: the line of today is right, the earlier ones need nothing.

use chrono::NaiveDate;

use super::count;
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::warning::{self, Warning};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;
use crate::life::visits::sheets::store;

pub const JOB: Job = Job {
    name: "chase_sheets",
    words: "收回走访表",
    cron: "0 50 7 * * *",
    missed: Missed::Latest,
    run,
};

const KIND: &str = "sheets";
const KEY: &str = "late";

/// Writes or takes away the line of each office.
pub fn run(app: &App, day: NaiveDate) -> AppResult<Counts> {
    let mut all = Counts::default();
    for office in super::offices(app, &JOB)? {
        let (scope, now) = (Scope::of(&office.code), app.clock.now_at());
        let late = app.db.write("late sheets told", |db| {
            let late = store::late(db, &scope, day)?;
            let Some(oldest) = late.first() else {
                warning::clear(db, &office.code, KIND, KEY)?;
                return Ok(0);
            };
            let ids: Vec<_> = late.iter().map(|batch| batch.id).collect();
            let out: i64 = store::counts(db, &scope, &ids)?.values().map(|one| one.out).sum();
            let line = Warning {
                office_code: office.code.clone(),
                kind: KIND.to_owned(),
                key: KEY.to_owned(),
                level: "wait".to_owned(),
                title: format!("{} 个单位的 {out} 张走访表过了交回日还没有回来", late.len()),
                advice: "请打电话问一问，电话里说的也可以直接录入".to_owned(),
                url: "/visits/sent?list=late".to_owned(),
                due_on: Some(oldest.return_by),
                since: now,
                seen_at: now,
            };
            warning::raise(db, &line)?;
            Ok(late.len())
        })?;
        all.done += count(late);
    }
    Ok(all)
}
