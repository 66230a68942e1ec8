//! `[jobs.NAME]` in the configuration: another time, switched off, and mistakes told with file
//! and line before anything starts.

use zhuxue::clock::{Timetable, run_due};
use zhuxue::plumbing::config::Config;

use super::{EACH, LATEST, at, order, runs_at};
use crate::support::TestApp;

fn read(text: &str) -> Result<Config, String> {
    Config::from_texts("/etc/zhuxue.toml", text, std::iter::empty(), zhuxue::jobs::mistakes)
        .map_err(|e| e.to_string())
}

#[test]
fn a_mistake_names_the_file_the_line_and_what_was_expected() {
    let text = "workers = 2\n\n[jobs.close_day]\n# half past\ncron = \"0 30 * * *\"\n";
    let mistake = read(text).unwrap_err();
    assert!(mistake.starts_with("/etc/zhuxue.toml:5: jobs.close_day.cron: expected six fields"));
    assert!(mistake.contains("\"0 30 9 * * *\" (every day at 9:30, Asia/Shanghai)"), "{mistake}");
    let unknown = read("[jobs.close_dy]\noff = true\n").unwrap_err();
    assert!(
        unknown.starts_with("/etc/zhuxue.toml:1: jobs.close_dy: no such job; known: close_day")
    );
    let number = read("[jobs.close_day]\ncron = \"0 0 1 * * 1\"\n").unwrap_err();
    assert!(number.contains(":2: jobs.close_day.cron: weekday: expected names"), "{number}");
    // All at once.
    let two = read("[jobs.a]\n[jobs.b]\n").unwrap_err();
    assert_eq!(two.lines().count(), 2, "{two}");
}

#[test]
fn another_time_and_switched_off() {
    let text = "[jobs.each]\ncron = \"0 0 15 * * *\"\n[jobs.latest]\noff = true\n";
    let jobs = toml_jobs(text);
    let t = TestApp::new();
    t.app.shared.set(Timetable::new(&[EACH, LATEST], &jobs).unwrap());
    order(&t.app, "latest", "fail");
    assert!(runs_at(&t.app, "2026-11-22 14:59").is_empty());
    assert_eq!(runs_at(&t.app, "2026-11-22 15:00"), ["each 2026-11-22"]);
    // The time is changed on a day on which it ran already: not again.
    t.app.shared.set(Timetable::new(&[EACH, LATEST], &toml_jobs("")).unwrap());
    order(&t.app, "latest", "");
    assert_eq!(runs_at(&t.app, "2026-11-22 16:00"), ["latest 2026-11-22"]);
    assert!(run_due(&t.app, at("2026-11-22 16:00")).unwrap().is_empty());
}

fn toml_jobs(
    text: &str,
) -> std::collections::BTreeMap<String, zhuxue::plumbing::config::JobConfig> {
    let table: toml::Table = text.parse().unwrap();
    let jobs = table.get("jobs").cloned().unwrap_or(toml::Value::Table(toml::Table::new()));
    jobs.try_into().unwrap()
}
