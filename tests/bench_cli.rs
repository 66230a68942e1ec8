//! `zhuxue bench`: the table is printed whole and nothing stays behind. How fast anything was is
//! nobody's business here.

use std::process::{Command, Output};

fn run(temporary: &std::path::Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .env("TMPDIR", temporary)
        .arg("bench")
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn the_nights_and_the_page_are_measured_and_nothing_stays_behind() {
    let temporary = tempfile::tempdir().unwrap();
    for (only, lines) in [
        ("reminders", ["due reminders written, SQLite", "(0 new)"].as_slice()),
        ("nightly", ["nothing due (0 changed)", "12-21, 25 loans changed"].as_slice()),
        ("page", &["loan-file page, 8 connections", "99 of 100", "memory of the server"]),
        (
            "follow-up",
            &["100 yearly contacts planned", "shared out", "who first", "workbooks", "accepted"],
        ),
        (
            "load",
            &["rows alone, SQLite", "under load", "clerk page", "report", "after both and 0 s"],
        ),
        (
            "counter",
            &["28 households by 4 clerks at once, SQLite", "2,000 candidates", "counter page"],
        ),
        ("round", &["1,000 pupils, list to publication, SQLite"]),
        ("matching", &["4,000 pupils, 10 lists of 60, 30 hits, SQLite"]),
        ("batch", &["25 contracts checked and frozen", "its answer"]),
        ("size", &["program file"]),
    ] {
        let few = [
            "--loans",
            "25",
            "--borrowers",
            "100",
            "--rows",
            "60",
            "--rest",
            "0",
            "--visits",
            "20",
            "--only",
            only,
        ];
        let output = run(temporary.path(), &few);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for line in lines.iter().chain(&["machine: ", "database: SQLite", "raw limit"]) {
            assert!(said.contains(line), "{line:?} is missing:\n{said}");
        }
    }
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_server_is_named_before_anything_is_made() {
    let temporary = tempfile::tempdir().unwrap();
    let output = run(temporary.path(), &["--database", "mysql://x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--database: expected postgres://"));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}
