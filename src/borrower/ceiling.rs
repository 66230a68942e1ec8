//! How many one-time codes leave in an hour and in a day, whoever asks: each costs a text message.
//!
//! Counted over all offices together, so that the answer says nothing about the person who is asked
//! for. What is reached stands red on the workbench and among the settings, with what it cost.

use chrono::{Duration, NaiveDateTime};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use crate::book::office;
use crate::book::policy::CodeLimit;
use crate::book::warning::{self, Warning};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::borrower_code;

/// No code leaves before this instant; nothing while the ceiling is not reached.
pub fn reached(
    db: &mut Db,
    limit: &CodeLimit,
    now: NaiveDateTime,
) -> AppResult<Option<NaiveDateTime>> {
    let mut until = None;
    for (key, words, most, hours) in
        [("hour", "一小时", limit.an_hour, 1), ("day", "一天", limit.a_day, 24)]
    {
        let within = Duration::hours(hours);
        let free = free_at(db, most, within, now)?;
        for office in office::all(db)? {
            match free {
                Some(_) => {
                    let cost = limit.cost(most).to_page_text();
                    let what = format!("登录验证码{words}里发了 {most} 条，约 {cost} 元，已到上限");
                    warning::raise(db, &line(&office.code, key, what, now))?;
                }
                None if !warning::clear(db, &office.code, warning::CODES, key)? => break,
                None => {}
            }
        }
        until = until.max(free);
    }
    Ok(until)
}

/// When `most` codes have left within the span: when the oldest of them is no longer within it.
fn free_at(
    db: &mut Db,
    most: i64,
    within: Duration,
    now: NaiveDateTime,
) -> AppResult<Option<NaiveDateTime>> {
    let (sent, oldest): (i64, Option<NaiveDateTime>) = borrower_code::table
        .filter(borrower_code::person_id.is_not_null())
        .filter(borrower_code::created_at.gt(now - within))
        .select((count_star(), min(borrower_code::created_at)))
        .first(db)?;
    Ok(oldest.filter(|_| sent >= most).map(|at| at + within))
}

fn line(office: &str, key: &str, title: String, now: NaiveDateTime) -> Warning {
    let advice = "现在谁都收不到新的验证码，到时自动恢复。要是有人在恶意索取，不用处理；\
                  要是真有这么多人登录，请改规则里的“登录验证码上限”";
    Warning {
        office_code: office.to_owned(),
        kind: warning::CODES.to_owned(),
        key: key.to_owned(),
        level: "bad".to_owned(),
        title,
        advice: advice.to_owned(),
        url: "/messages".to_owned(),
        due_on: None,
        since: now,
        seen_at: now,
    }
}
