//! `zhuxue job` as somebody types it.

use std::process::Command;

use tempfile::TempDir;

/// Exit code, output and error of the real program, on a machine in this time zone.
pub fn zhuxue(folder: &TempDir, zone: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    run(folder, (zone, "C.UTF-8"), arguments)
}

/// The same for who reads English.
fn english(folder: &TempDir, zone: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    run(folder, (zone, "en_US.UTF-8"), arguments)
}

fn run(
    folder: &TempDir,
    (zone, language): (&str, &str),
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .args(arguments)
        .current_dir(folder.path())
        .env("ZHUXUE_DATA_DIR", folder.path().join("data"))
        .env("ZHUXUE_LOG", "off")
        .env("TZ", zone)
        .env("LC_ALL", language)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn jobs_are_listed_and_run_whatever_zone_the_machine_is_in() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    let (code, _, err) = english(&folder, "UTC", &[&office[..], &["--letters", "LZ"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let (code, here, _) = english(&folder, "Asia/Shanghai", &["job", "list"]);
    assert_eq!(code, Some(0));
    let (_, there, _) = english(&folder, "America/New_York", &["job", "list"]);
    // What runs every few seconds is planned for another second meanwhile.
    let daily = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("*/"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(daily(&here), daily(&there));
    assert!(here.contains("close_day") && here.contains("last never"), "{here}");
    let (code, out, err) = english(&folder, "America/New_York", &["job", "run", "warn_staff"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("warn_staff for ") && out.contains(" 0 failed"), "{out}");
    let (_, list, _) = english(&folder, "UTC", &["job", "list"]);
    let line = list.lines().find(|line| line.starts_with("warn_staff")).unwrap();
    assert!(line.contains(" done "), "{line}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    english(&folder, "UTC", &[&office[..], &["--letters", "LZ"]].concat());
    let (code, _, err) = english(&folder, "UTC", &["job", "run", "close_dya"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("no job \"close_dya\"; known: close_day, "), "{err}");
    let (code, _, err) =
        english(&folder, "UTC", &["job", "run", "close_day", "--for", "2999-01-01"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("has not come yet"), "{err}");
    let (code, _, err) = english(&folder, "UTC", &["job", "run", "close_day", "--for", "12-20"]);
    assert_eq!(code, Some(2), "{err}");
    // A folder that is a file: the run fails.
    std::fs::write(folder.path().join("data/backups"), "x").unwrap();
    let (code, _, err) = english(&folder, "UTC", &["job", "run", "back_up"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("the folder cannot be made"), "{err}");
    std::fs::write(folder.path().join("zhuxue.toml"), "[jobs.back_up]\ncron = \"0 1 * * *\"\n")
        .unwrap();
    let (code, _, err) = english(&folder, "UTC", &["serve"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("zhuxue.toml:2: jobs.back_up.cron: expected six fields"), "{err}");
}

#[test]
fn in_a_chinese_terminal_every_line_is_chinese() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    let (code, _, err) = zhuxue(&folder, "UTC", &[&office[..], &["--letters", "LZ"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let (_, list, _) = zhuxue(&folder, "UTC", &["job", "list"]);
    assert!(list.contains("上次 没有运行过") && list.contains("下次 "), "{list}");
    assert!(!list.contains(" last ") && !list.contains("never"), "{list}");
    let (code, out, _) = zhuxue(&folder, "UTC", &["job", "run", "warn_staff"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("办理 ") && out.contains("，跳过 0，失败 0"), "{out}");
    let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", "close_dya"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("没有任务 \"close_dya\"；有这些：close_day"), "{err}");
    let later = ["job", "run", "close_day", "--for", "2999-01-01"];
    assert!(zhuxue(&folder, "UTC", &later).2.contains("这一天还没有到"));
    let (code, out, err) = zhuxue(&folder, "UTC", &["verify"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("512022 的操作记录：") && out.contains("没有改动"), "{out}");
    assert!(out.contains("核对了 0 份合同，0 处不符"), "{out}");
    let (_, out, _) = english(&folder, "UTC", &["verify"]);
    assert!(out.contains("0 loans checked, 0 findings"), "{out}");
    let (_, out, _) = zhuxue(&folder, "UTC", &["job", "run", "back_up"]);
    assert!(out.contains("办理 1"), "{out}");
    let days = ["rehearse", "--from", "2026-12-31", "--to", "2026-12-01"];
    assert!(zhuxue(&folder, "UTC", &days).2.contains("应为先后两天"));
}
