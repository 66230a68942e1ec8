//! The timetable in words. Pure.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use serde::Serialize;

use super::retention::{RULES, Rule, Until};
use crate::base::dates::{in_words, local};
use crate::clock::pause::Pause;
use crate::clock::{Line, Missed, Planned, Run, RunState};
use crate::jobs;
use crate::web::fields::FormPage;

/// What a run did, for the page.
#[derive(Debug, Serialize)]
pub struct RunView {
    day: String,
    at: String,
    took: String,
    kind: &'static str,
    state: String,
    done: i64,
    skipped: i64,
    failed: i64,
    note: String,
    problem: String,
    attempts: i32,
}

/// One job as a line of the list, or as the head of its own page.
#[derive(Debug, Serialize)]
pub struct Row {
    name: &'static str,
    words: &'static str,
    when: String,
    kind: &'static str,
    state: String,
    next: String,
    paused: Option<PauseView>,
    can_pause: bool,
    off: bool,
    last: Option<RunView>,
}

/// Since when, by whom and why a job is paused.
#[derive(Debug, Serialize)]
pub struct PauseView {
    since: String,
    by: String,
    reason: String,
}

/// The page of all jobs.
#[derive(Debug, Serialize)]
pub struct List {
    rows: Vec<Row>,
    troubled: usize,
}

/// The page of one job.
#[derive(Debug, Serialize)]
pub struct One {
    row: Row,
    missed: &'static str,
    cron: String,
    runs: Vec<RunView>,
}

impl List {
    /// All jobs as they stand.
    pub fn new(lines: &[Line], pauses: &HashMap<String, Pause>, now: NaiveDateTime) -> List {
        let rows: Vec<Row> =
            lines.iter().map(|line| row(line, pauses.get(line.planned.job.name), now)).collect();
        List { troubled: rows.iter().filter(|row| row.kind == "bad").count(), rows }
    }
}

impl One {
    /// One job with its runs.
    pub fn new(line: &Line, pause: Option<&Pause>, runs: &[Run], now: NaiveDateTime) -> One {
        One {
            row: row(line, pause, now),
            missed: match line.planned.job.missed {
                Missed::EachDay => "关机错过的日子，开机后逐日补做",
                Missed::Latest => "关机错过的，开机后只补最近一次",
                Missed::Often => "经常运行，错过不用补",
            },
            cron: line.planned.times.to_string(),
            runs: runs.iter().map(|run| run_view(&line.planned, run, now)).collect(),
        }
    }
}

impl FormPage for One {
    const TEMPLATE: &'static str = "jobs/one.html";
    const REFUSED_AT: &'static str = "reason";
}

fn row(line: &Line, pause: Option<&Pause>, now: NaiveDateTime) -> Row {
    let planned = &line.planned;
    let last = line.last.as_ref().map(|run| run_view(planned, run, now));
    let (kind, state) = match (&last, pause) {
        _ if planned.off => ("", "配置中已关闭".to_owned()),
        (_, Some(_)) => ("wait", "本中心已暂停".to_owned()),
        (None, None) => ("", "还没有运行过".to_owned()),
        (Some(run), None) => (run.kind, run.state.clone()),
    };
    Row {
        name: planned.job.name,
        words: planned.job.words,
        when: when(&planned.times.to_string()),
        kind,
        state,
        next: line.next_at.map_or_else(|| "不运行".to_owned(), |at| minute(at, now)),
        paused: pause.map(|pause| PauseView {
            since: minute(pause.since, now),
            by: pause.by_name.clone(),
            reason: pause.reason.clone(),
        }),
        can_pause: jobs::can_be_paused(&planned.job),
        off: planned.off,
        last,
    }
}

fn run_view(planned: &Planned, run: &Run, now: NaiveDateTime) -> RunView {
    let today = local(now).date();
    let (kind, state) = match run.state {
        RunState::Running => ("acc", "正在运行".to_owned()),
        RunState::Done if run.failed_count > 0 => ("wait", "已完成，部分失败".to_owned()),
        RunState::Done => ("ok", "已完成".to_owned()),
        RunState::Failed => match run.next_try_at {
            Some(at) => ("wait", format!("失败，{} 再试", local(at).format("%H:%M"))),
            None => ("wait", "失败".to_owned()),
        },
        RunState::GaveUp => ("bad", "失败，不再自动试".to_owned()),
    };
    let seconds = run.ended_at.map(|end| (end - run.started_at).num_seconds().max(0));
    RunView {
        day: match planned.job.missed {
            Missed::Often => String::new(),
            _ => in_words(run.planned_for, today),
        },
        at: minute(run.ended_at.unwrap_or(run.started_at), now),
        took: match seconds {
            None => String::new(),
            Some(0) => "不到 1 秒".to_owned(),
            Some(s) if s < 120 => format!("{s} 秒"),
            Some(s) => format!("{} 分钟", s / 60),
        },
        kind,
        state,
        done: run.done_count,
        skipped: run.skipped_count,
        failed: run.failed_count,
        note: run.note.clone(),
        problem: run.problem.clone(),
        attempts: run.attempts,
    }
}

/// `12月20日 09:30`
fn minute(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let (at, today) = (local(at), local(now).date());
    format!("{} {}", in_words(at.date(), today), at.format("%H:%M"))
}

/// A cron text as people say it; what has no simple words stays as it is.
fn when(cron: &str) -> String {
    let fields: Vec<&str> = cron.split(' ').collect();
    let [second, minute, hour, day, month, weekday] = fields.as_slice() else {
        return cron.to_owned();
    };
    let any = |field: &str| matches!(field, "*" | "?");
    let number = |field: &str| field.parse::<u32>().ok();
    let every = |field: &str| field.strip_prefix("*/").and_then(number);
    if any(day) && any(month) && any(weekday) && any(hour) {
        return match (every(second), every(minute), number(second)) {
            (Some(n), _, _) if any(minute) => format!("每 {n} 秒"),
            (_, Some(n), Some(_)) => format!("每 {n} 分钟"),
            (_, _, Some(_)) if any(minute) => "每分钟".to_owned(),
            _ => cron.to_owned(),
        };
    }
    let (Some(_), Some(m), Some(h)) = (number(second), number(minute), number(hour)) else {
        return cron.to_owned();
    };
    let days = match (number(day), number(month)) {
        (Some(d), Some(of)) if any(weekday) => format!("每年 {of}月{d}日"),
        (Some(d), None) if any(month) && any(weekday) => format!("每月 {d} 日"),
        (None, None) if any(day) && any(month) => match weekdays(weekday) {
            Some(days) => days,
            None => return cron.to_owned(),
        },
        _ => return cron.to_owned(),
    };
    format!("{days} {h:02}:{m:02}")
}

fn weekdays(field: &str) -> Option<String> {
    if matches!(field, "*" | "?") {
        return Some("每天".to_owned());
    }
    let name = |text: &str| {
        let day: chrono::Weekday = text.parse().ok()?;
        let at = usize::try_from(day.num_days_from_monday()).ok()?;
        ["周一", "周二", "周三", "周四", "周五", "周六", "周日"].get(at).copied()
    };
    if let Some((from, to)) = field.split_once('-') {
        return Some(format!("{}至{}", name(from)?, name(to)?));
    }
    let days: Option<Vec<&str>> = field.split(',').map(name).collect();
    Some(format!("每{}", days?.join("、")))
}

#[cfg(test)]
mod tests {
    use super::when;

    #[test]
    fn times_in_words() {
        for (cron, words) in [
            ("*/5 * * * * *", "每 5 秒"),
            ("0 * * * * *", "每分钟"),
            ("0 */10 * * * *", "每 10 分钟"),
            ("0 5 0 * * *", "每天 00:05"),
            ("0 30 9 * * MON-FRI", "周一至周五 09:30"),
            ("0 30 9 * * MON,WED", "每周一、周三 09:30"),
            ("0 0 9 20 * *", "每月 20 日 09:00"),
            ("0 0 9 1 11 *", "每年 11月1日 09:00"),
            ("0 0 9,15 * * *", "0 0 9,15 * * *"),
        ] {
            assert_eq!(when(cron), words);
        }
    }
}

/// A line of the table of how long records are there.
#[derive(Serialize)]
struct RuleView {
    what: &'static str,
    until: String,
    /// Name and words of the job that removes them.
    job: Option<(&'static str, &'static str)>,
    why: &'static str,
}

#[derive(Serialize)]
pub struct Retention {
    rows: Vec<RuleView>,
}

impl Retention {
    pub fn new() -> Retention {
        let view = |rule: &Rule| RuleView {
            what: rule.what,
            until: match rule.until {
                Until::Always => "一直保存".to_owned(),
                Until::Days(days) => format!("失效以后 {days} 天"),
                Until::Words(words) => words.to_owned(),
            },
            job: jobs::ALL
                .iter()
                .find(|one| Some(one.name) == rule.job)
                .map(|one| (one.name, one.words)),
            why: rule.why,
        };
        Retention { rows: RULES.iter().map(view).collect() }
    }
}
