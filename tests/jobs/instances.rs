//! Several instances on one database: each (job, day) once, the work shared, and what a killed
//! one leaves is taken up.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Duration;
use zhuxue::app::App;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::policy::Policy;
use zhuxue::clock::{self, ATTEMPTS_MAX, LEASE_S, RunState, Timetable};
use zhuxue::error::AppError;
use zhuxue::plumbing::crypto::Sealer;

use super::{EACH, LATEST, OFTEN, at, counted, order, run_of, runs, runs_at, with_jobs};
use crate::support::TestApp;
use crate::support::county::day;
use crate::support::database::on_both;

/// Another instance of the program on the same database, with a pool and clock of its own.
fn another(t: &TestApp) -> App {
    let config = (*t.app.config).clone();
    let clock = zhuxue::base::dates::Clock::starting_on(t.app.clock.today());
    clock.set_at(t.app.clock.now_at());
    let (policy, sealer) = (Policy::embedded().unwrap(), Sealer::throw_away().unwrap());
    let app = zhuxue::site::app(t.database.open(), clock, policy, sealer, config).unwrap();
    let jobs = [EACH, LATEST, OFTEN];
    app.shared.set(Timetable::new(&jobs, &Default::default()).unwrap());
    app
}

#[test]
fn four_threads_of_two_instances_run_each_day_once() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH, LATEST, OFTEN]);
        runs_at(&t.app, "2026-11-20 12:00");
        t.app.clock.set_at(at("2026-12-10 12:00"));
        let apps = [t.app.clone(), another(&t), t.app.clone(), another(&t)];
        let ran: Vec<AtomicUsize> = apps.iter().map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for (app, ran) in apps.iter().zip(&ran) {
                scope.spawn(move || {
                    // Until nothing is left: who lost one looks for the next.
                    while runs(app, "each").len() < 21 || runs(app, "latest").len() < 2 {
                        let now = at("2026-12-10 12:00");
                        let all = clock::run_due(app, now).unwrap();
                        ran.fetch_add(all.len(), Ordering::Relaxed);
                    }
                });
            }
        });
        let all = counted(&t.app);
        let each: Vec<_> = all.iter().filter(|(what, _)| what.starts_with("each")).collect();
        assert_eq!(each.len(), 21, "{all:?}");
        assert!(each.iter().all(|(_, times)| times == "1"), "{all:?}");
        let latest: Vec<_> = all.iter().filter(|(what, _)| what.starts_with("latest")).collect();
        assert_eq!(latest.len(), 2, "{all:?}");
        assert!(latest.iter().all(|(_, times)| times == "1"), "{all:?}");
        // In order, whoever ran them.
        let mut kept = runs(&t.app, "each");
        kept.reverse();
        assert!(kept.windows(2).all(|pair| pair[0].ended_at <= pair[1].ended_at));
        let total: usize = ran.iter().map(|n| n.load(Ordering::Relaxed)).sum();
        assert!(total >= 21, "{total}");
    });
}

#[test]
fn a_run_that_somebody_holds_is_left_alone_until_its_lease_is_over() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH]);
        t.app.clock.set_at(at("2026-11-22 09:00"));
        // Another instance claims the run and is killed: it never settles.
        let now = t.app.clock.now_at();
        let found = clock::due(&t.app, now).unwrap();
        assert_eq!(found.len(), 1);
        let dead = claim("a dead one", now, 1);
        let day = day("2026-11-22");
        let took = t.app.db.write("t", |db| clock::claim(db, "each", day, None, &dead));
        assert!(took.unwrap());
        let second = t.app.db.write("t", |db| clock::claim(db, "each", day, None, &dead));
        assert!(!second.unwrap(), "claimed twice");
        let lease = |seconds| now + Duration::seconds(LEASE_S + seconds);
        assert!(clock::run_due(&t.app, lease(-1)).unwrap().is_empty());
        let by = Actor::program("test", "");
        let refused = clock::run_now(&t.app, "each", day, &by).unwrap_err();
        assert!(matches!(refused, AppError::TooBusy(_)), "{refused}");
        t.app.clock.set_at(lease(1));
        assert_eq!(clock::run_due(&t.app, lease(1)).unwrap().len(), 1);
        let run = run_of(&t.app, "each");
        assert_eq!((run.state, run.attempts), (RunState::Done, 2));
        // The dead one wakes up: it finds that the run is not its own any more.
        let renewed = t.app.db.write("t", |db| clock::renew(db, "each", day, &dead, lease(600)));
        assert!(!renewed.unwrap());
    });
}

fn claim(by: &str, at: chrono::NaiveDateTime, attempts: i32) -> clock::Claim {
    clock::Claim { by: by.to_owned(), at, until: at + Duration::seconds(LEASE_S), attempts }
}

#[test]
fn a_run_that_kills_the_program_every_time_is_given_up() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH]);
        let day = day("2026-11-22");
        let mut now = at("2026-11-22 09:00");
        for attempts in 1..=ATTEMPTS_MAX {
            t.app.clock.set_at(now);
            let seen = runs(&t.app, "each").into_iter().next();
            let dies = claim("dies", t.app.clock.now_at(), attempts);
            let seen = seen.as_ref();
            let took = t.app.db.write("t", |db| clock::claim(db, "each", day, seen, &dies));
            assert!(took.unwrap(), "{attempts}");
            now += Duration::seconds(LEASE_S + 5);
        }
        t.app.clock.set_at(now);
        let all = clock::run_due(&t.app, t.app.clock.now_at()).unwrap();
        assert!(all[0].gave_up);
        assert_eq!(run_of(&t.app, "each").state, RunState::GaveUp);
        assert!(counted(&t.app).is_empty(), "it was begun once more");
    });
}

#[test]
fn a_lease_written_by_a_clock_years_ahead_does_not_hold_a_run_for_years() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH]);
        t.app.clock.set_at(at("2026-11-22 09:00"));
        let dead = claim("2035", at("2035-01-01 09:00"), 1);
        let day = day("2026-11-22");
        t.app.db.write("t", |db| clock::claim(db, "each", day, None, &dead)).unwrap();
        assert_eq!(runs_at(&t.app, "2026-11-22 09:01"), ["each 2026-11-22"]);
    });
}

#[test]
fn by_hand_runs_again_and_never_ahead() {
    on_both(|kind| {
        let t = with_jobs(TestApp::on(kind), &[EACH, OFTEN]);
        runs_at(&t.app, "2026-11-22 12:00");
        let by = Actor::program("test", "");
        let ran = clock::run_now(&t.app, "each", day("2026-11-22"), &by).unwrap();
        assert_eq!(ran.outcome.unwrap().done, 1);
        let early = clock::run_now(&t.app, "each", day("2026-11-23"), &by).unwrap_err();
        assert!(early.to_string().contains("还没有到"));
        let unknown = clock::run_now(&t.app, "eech", day("2026-11-22"), &by).unwrap_err();
        assert!(matches!(unknown, AppError::NotFound));
        // A day before the first one, by hand: not due by itself, but somebody asked for it.
        clock::run_now(&t.app, "each", day("2026-11-01"), &by).unwrap();
        clock::run_now(&t.app, "often", day("2026-11-01"), &by).unwrap();
        order(&t.app, "each", "fail");
        let failed = clock::run_now(&t.app, "each", day("2026-11-22"), &by).unwrap();
        assert!(failed.outcome.is_err() && !failed.gave_up);
        order(&t.app, "each", "");
        assert_eq!(runs_at(&t.app, "2026-11-22 12:02"), ["each 2026-11-22"]);
        let expected = [("each:2026-11-01", "1"), ("each:2026-11-22", "4")];
        let all = counted(&t.app);
        for (what, times) in expected {
            assert!(all.contains(&(what.to_owned(), times.to_owned())), "{all:?}");
        }
    });
}
