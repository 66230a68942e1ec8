//! `zhuxue job` as somebody types it.

use std::process::Command;

use tempfile::TempDir;

/// Exit code, output and error of the real program, on a machine in this time zone.
pub fn zhuxue(folder: &TempDir, zone: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .args(arguments)
        .current_dir(folder.path())
        .env("ZHUXUE_DATA_DIR", folder.path().join("data"))
        .env("ZHUXUE_LOG", "off")
        .env("TZ", zone)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn jobs_are_listed_and_run_whatever_zone_the_machine_is_in() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    let (code, _, err) = zhuxue(&folder, "UTC", &[&office[..], &["--letters", "LZ"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let (code, here, _) = zhuxue(&folder, "Asia/Shanghai", &["job", "list"]);
    assert_eq!(code, Some(0));
    let (_, there, _) = zhuxue(&folder, "America/New_York", &["job", "list"]);
    // What runs every few seconds is planned for another second meanwhile.
    let daily = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("*/"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(daily(&here), daily(&there));
    assert!(here.contains("close_day") && here.contains("last never"), "{here}");
    let (code, out, err) = zhuxue(&folder, "America/New_York", &["job", "run", "warn_staff"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("warn_staff for ") && out.contains(" 0 failed"), "{out}");
    let (_, list, _) = zhuxue(&folder, "UTC", &["job", "list"]);
    let line = list.lines().find(|line| line.starts_with("warn_staff")).unwrap();
    assert!(line.contains(" done "), "{line}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    zhuxue(&folder, "UTC", &[&office[..], &["--letters", "LZ"]].concat());
    let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", "close_dya"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("no job \"close_dya\"; known: close_day, "), "{err}");
    let (code, _, err) =
        zhuxue(&folder, "UTC", &["job", "run", "close_day", "--for", "2999-01-01"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("has not come yet"), "{err}");
    let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", "close_day", "--for", "12-20"]);
    assert_eq!(code, Some(2), "{err}");
    // A folder that is a file: the run fails.
    std::fs::write(folder.path().join("data/backups"), "x").unwrap();
    let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", "back_up"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("the folder cannot be made"), "{err}");
    std::fs::write(folder.path().join("zhuxue.toml"), "[jobs.back_up]\ncron = \"0 1 * * *\"\n")
        .unwrap();
    let (code, _, err) = zhuxue(&folder, "UTC", &["serve"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("zhuxue.toml:2: jobs.back_up.cron: expected six fields"), "{err}");
}
