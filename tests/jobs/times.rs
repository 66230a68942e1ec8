//! Whatever the clock does, each day's run happens once.

use chrono::{Days, Duration};
use zhuxue::base::scope::Scope;
use zhuxue::book::warning;
use zhuxue::clock::{self, ATTEMPTS_MAX, RunState};

use super::{EACH, LATEST, OFTEN, at, counted, order, run_of, runs, runs_at, with_jobs};
use crate::support::county::day;
use crate::support::database::{Kind, on_both};
use crate::support::{OFFICE, TestApp};

fn app_on(kind: Kind) -> TestApp {
    with_jobs(TestApp::on(kind), &[EACH, LATEST])
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn the_first_start_makes_up_for_nothing_before_it() {
    on_both(|kind| {
        let t = app_on(kind);
        // 9:00 is still to come, 0:30 has passed.
        assert_eq!(runs_at(&t.app, "2026-11-22 08:00"), ["latest 2026-11-22"]);
        assert_eq!(runs_at(&t.app, "2026-11-22 08:59"), none());
        assert_eq!(runs_at(&t.app, "2026-11-22 09:00"), ["each 2026-11-22"]);
        assert_eq!(runs_at(&t.app, "2026-11-22 23:59"), none());
    });
}

#[test]
fn after_three_days_down_each_day_in_order_or_the_last_only() {
    on_both(|kind| {
        let t = app_on(kind);
        runs_at(&t.app, "2026-12-16 12:00");
        // The machine sleeps over the due day.
        let all = runs_at(&t.app, "2026-12-21 07:00");
        let expected = [
            "each 2026-12-17",
            "each 2026-12-18",
            "each 2026-12-19",
            "each 2026-12-20",
            "latest 2026-12-21",
        ];
        assert_eq!(all, expected);
        assert_eq!(runs_at(&t.app, "2026-12-21 07:01"), none());
        // The program is started anew: the same.
        let again = with_jobs(t, &[EACH, LATEST]);
        assert_eq!(runs_at(&again.app, "2026-12-21 07:02"), none());
        assert_eq!(runs_at(&again.app, "2026-12-21 09:00"), ["each 2026-12-21"]);
        assert!(counted(&again.app).iter().all(|(_, times)| times == "1"));
    });
}

#[test]
fn a_first_start_before_its_hour_is_remembered_over_days_off() {
    on_both(|kind| {
        let t = app_on(kind);
        // Seen for the first time, and switched off before it ever ran.
        runs_at(&t.app, "2026-11-22 08:00");
        let t = with_jobs(t, &[EACH, LATEST]);
        let all = runs_at(&t.app, "2026-11-24 08:00");
        assert_eq!(all, ["each 2026-11-22", "each 2026-11-23", "latest 2026-11-24"]);
    });
}

#[test]
fn a_clock_set_back_runs_nothing_twice_and_misses_nothing() {
    on_both(|kind| {
        let t = app_on(kind);
        for text in ["2026-11-20 12:00", "2026-11-21 12:00", "2026-11-22 12:00"] {
            runs_at(&t.app, text);
        }
        assert_eq!(runs_at(&t.app, "2026-11-20 06:00"), none());
        assert_eq!(runs_at(&t.app, "2026-11-21 12:00"), none());
        assert_eq!(runs_at(&t.app, "2026-11-23 12:00"), ["latest 2026-11-23", "each 2026-11-23"]);
        assert!(counted(&t.app).iter().all(|(_, times)| times == "1"), "{:?}", counted(&t.app));
    });
}

#[test]
fn a_clock_that_was_years_ahead_does_not_stop_the_jobs() {
    on_both(|kind| {
        // A machine with a dead battery: first seen in 2035.
        let t = app_on(kind);
        assert_eq!(runs_at(&t.app, "2035-01-01 12:00").len(), 2);
        assert_eq!(runs_at(&t.app, "2026-11-22 12:00").len(), 2);
        assert_eq!(runs_at(&t.app, "2026-11-23 12:00").len(), 2);
        // Later it jumps ahead by years for an hour, and back.
        let jumped = runs_at(&t.app, "2034-06-01 12:00");
        assert_eq!(jumped.iter().filter(|run| run.starts_with("each")).count(), 93);
        assert_eq!(runs_at(&t.app, "2026-11-24 12:00"), ["latest 2026-11-24", "each 2026-11-24"]);
        let t = with_jobs(t, &[EACH, LATEST]);
        assert_eq!(runs_at(&t.app, "2026-11-25 12:00"), ["latest 2026-11-25", "each 2026-11-25"]);
        assert!(counted(&t.app).iter().all(|(_, times)| times == "1"));
    });
}

#[test]
fn a_year_hour_by_hour_has_every_day_once_and_the_leap_day() {
    let t = app_on(Kind::Sqlite);
    let (from, to) = (day("2027-12-01"), day("2028-03-31"));
    let mut now = at("2027-12-01 00:00");
    while now < at("2028-04-01 00:00") {
        t.app.clock.set_at(now);
        clock::run_due(&t.app, now).unwrap();
        now += Duration::hours(1);
    }
    let days = from.iter_days().take_while(|day| *day <= to).count();
    for job in ["each", "latest"] {
        let all = runs(&t.app, job);
        assert_eq!(all.len(), days, "{job}");
        assert!(all.iter().any(|run| run.planned_for == day("2028-02-29")));
        assert!(all.iter().all(|run| run.state == RunState::Done && run.attempts == 1));
    }
    assert!(counted(&t.app).iter().all(|(_, times)| times == "1"));
}

#[test]
fn what_fails_is_tried_again_after_growing_waits_and_given_up() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH]);
        order(&t.app, "each", "fail");
        let mut now = at("2026-11-22 09:00");
        let mut tried = Vec::new();
        for minute in 0..60 * 23 {
            t.app.clock.set_at(now);
            if !clock::run_due(&t.app, now).unwrap().is_empty() {
                tried.push(minute);
            }
            now += Duration::minutes(1);
        }
        assert_eq!(tried.len(), usize::try_from(ATTEMPTS_MAX).unwrap(), "{tried:?}");
        let waits: Vec<i64> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
        let run = run_of(&t.app, "each");
        assert_eq!((run.state, run.problem.as_str()), (RunState::GaveUp, "the gateway is away"));
        let scope = Scope::of(OFFICE);
        let lines = t.app.db.read(|db| warning::of_offices(db, &scope)).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].level.as_str(), lines[0].kind.as_str()), ("bad", "job"));
        assert!(lines[0].title.contains("11月22日的“逐日”失败"), "{lines:?}");
        // The next day is not held up, and its success takes the line away.
        order(&t.app, "each", "");
        assert_eq!(runs_at(&t.app, "2026-11-23 09:00"), ["each 2026-11-23"]);
        assert!(t.app.db.read(|db| warning::of_offices(db, &scope)).unwrap().is_empty());
        let text = t.app.metrics.text().unwrap();
        assert!(text.contains("zhuxue_job_failures_total{job=\"each\"} 7"), "{text}");
    });
}

#[test]
fn a_later_day_waits_until_the_failed_one_is_done() {
    let t = app_on(Kind::Sqlite);
    runs_at(&t.app, "2026-11-20 12:00");
    order(&t.app, "each", "panic");
    assert_eq!(runs_at(&t.app, "2026-11-22 12:00"), ["each 2026-11-21", "latest 2026-11-22"]);
    assert_eq!(runs_at(&t.app, "2026-11-22 12:00"), none());
    order(&t.app, "each", "");
    let all = runs_at(&t.app, "2026-11-22 12:02");
    assert_eq!(all, ["each 2026-11-21", "each 2026-11-22"]);
}

#[test]
fn what_runs_often_keeps_one_row_and_never_ends() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[OFTEN]);
        assert_eq!(runs_at(&t.app, "2026-11-22 09:03"), ["often 2026-11-22"]);
        assert_eq!(runs_at(&t.app, "2026-11-22 09:09"), none());
        assert_eq!(runs_at(&t.app, "2026-11-22 09:10"), ["often 2026-11-22"]);
        // Off for a month: once.
        assert_eq!(runs_at(&t.app, "2026-12-22 09:10"), ["often 2026-12-22"]);
        // Set back by a year: it goes on.
        assert_eq!(runs_at(&t.app, "2025-12-22 09:10"), ["often 2025-12-22"]);
        assert_eq!(runs_at(&t.app, "2025-12-22 09:11"), none());
        order(&t.app, "often", "fail");
        let mut now = at("2026-12-23 10:00");
        for _ in 0..120 {
            t.app.clock.set_at(now);
            clock::run_due(&t.app, now).unwrap();
            now += Duration::minutes(1);
        }
        let run = run_of(&t.app, "often");
        assert_eq!(run.state, RunState::GaveUp);
        assert!(run.attempts > 20, "{}", run.attempts);
        order(&t.app, "often", "");
        assert_eq!(runs_at(&t.app, "2026-12-23 13:00").len(), 1);
        let run = run_of(&t.app, "often");
        assert_eq!((run.state, run.attempts, run.done_count), (RunState::Done, run.attempts, 1));
        let lines = t.app.db.read(|db| warning::of_offices(db, &Scope::of(OFFICE))).unwrap();
        assert!(lines.is_empty(), "{lines:?}");
    });
}

#[test]
fn a_rehearsal_can_jump_to_the_next_instant() {
    let t = with_jobs(TestApp::new(), &[EACH, LATEST, OFTEN]);
    let next = clock::next_planned(&t.app, at("2026-11-22 08:00"));
    assert_eq!(next, Some(at("2026-11-22 09:00")));
    assert_eq!(clock::next_planned(&t.app, next.unwrap()), Some(at("2026-11-23 00:30")));
}

#[test]
fn old_runs_are_forgotten_but_not_done_again() {
    let t = app_on(Kind::Sqlite);
    runs_at(&t.app, "2026-11-20 12:00");
    runs_at(&t.app, "2026-11-22 12:00");
    let first = day("2026-11-20").checked_add_days(Days::new(1)).unwrap();
    let gone = t.app.db.write("t", |db| clock::forget_before(db, first)).unwrap();
    assert_eq!(gone, 2);
    assert_eq!(runs_at(&t.app, "2026-11-22 12:01"), none());
}
