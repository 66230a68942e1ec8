//! Keeps the deadlines of the desk's year on the workbench: receipts of universities, the last
//! day of a request that saves this year's graduates their interest, the end of the subsidy, the
//! window, the due day, the day of new rates. The days are dated data (policies/desk.toml).
//!
//! When: just after midnight. Why: whoever opens the workbench sees what comes next, and what to
//! do before. Missed: the last night only; a line says its day, so an old one is not wrong.

use chrono::{Datelike, NaiveDate};

use super::{count, offices};
use crate::app::App;
use crate::base::dates::{days_between, in_words};
use crate::book::office::Office;
use crate::book::warning::{self, DEADLINE, Warning};
use crate::clock::{Counts, Job, Missed};
use crate::error::AppResult;

pub const JOB: Job = Job {
    name: "warn_staff",
    words: "提醒工作人员截止日",
    cron: "0 1 0 * * *",
    missed: Missed::Latest,
    run,
};

/// Lines are amber from this many days before.
const NEAR_DAYS: i64 = 14;

/// Writes the next day of each deadline for every office; `done` counts what changed.
pub fn run(app: &App, _: NaiveDate) -> AppResult<Counts> {
    let today = app.clock.today();
    let now = app.clock.now_at();
    let mut changed = 0;
    let policy = app.policy();
    for office in offices(app, &JOB)? {
        let mut lines: Vec<Warning> = policy
            .desk_days(today)
            .into_iter()
            .map(|(on, day)| {
                line(
                    &office,
                    &day.key,
                    on,
                    today,
                    (day.what.clone(), day.advice.clone(), &day.link),
                )
            })
            .collect();
        let (_, closes) = policy.application_window(&office.code, today.year());
        if closes >= today {
            let what = ("今年受理截止".to_owned(), WINDOW_ADVICE.to_owned(), "/loans");
            lines.push(line(&office, "window_closes", closes, today, what));
        }
        for line in &mut lines {
            (line.since, line.seen_at) = (now, now);
        }
        changed += app.db.write("deadlines", |db| {
            let existing = warning::of_kind(db, &office.code, DEADLINE)?;
            let mut changed = 0;
            for line in &lines {
                let same = |old: &Warning| {
                    Warning { since: line.since, seen_at: line.seen_at, ..old.clone() } == *line
                };
                if !existing.iter().any(same) {
                    warning::raise(db, line)?;
                    changed += 1;
                }
            }
            for old in existing.iter().filter(|old| !lines.iter().any(|line| line.key == old.key)) {
                warning::clear(db, &office.code, DEADLINE, &old.key)?;
                changed += 1;
            }
            Ok(changed)
        })?;
    }
    let next = policy.desk_days(today).into_iter().min_by_key(|(on, _)| *on);
    let note = next.map_or_else(String::new, |(on, day)| {
        format!("下一个：{}{}", in_words(on, today), day.short)
    });
    Ok(Counts { done: count(changed), note, ..Counts::default() })
}

const WINDOW_ADVICE: &str = "受理截止前把收到的申请都录入";

fn line(
    office: &Office,
    key: &str,
    on: NaiveDate,
    today: NaiveDate,
    (title, advice, url): (String, String, &str),
) -> Warning {
    let level = match days_between(today, on) {
        0 => "bad",
        1..=NEAR_DAYS => "wait",
        _ => "info",
    };
    Warning {
        office_code: office.code.clone(),
        kind: DEADLINE.to_owned(),
        key: key.to_owned(),
        level: level.to_owned(),
        title,
        advice,
        url: url.to_owned(),
        due_on: Some(on),
        since: Default::default(),
        seen_at: Default::default(),
    }
}
