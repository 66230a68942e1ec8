//! `zhuxue worksheets` as somebody types it.

use std::process::{Command, Output};

use tempfile::TempDir;

fn zhuxue(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .args(arguments)
        .current_dir(folder.path())
        .env("ZHUXUE_DATA_DIR", folder.path().join("data"))
        .env("ZHUXUE_LOG", "error")
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn bad_input_is_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let on = ["worksheets", "--as-of", "2026-12-21", "--out"];
    let run = |rest: &[&str]| said(&zhuxue(&folder, &[&on[..], rest].concat()));
    std::fs::write(folder.path().join("file"), "x").unwrap();
    for (arguments, wanted) in [
        (vec!["o", "--by", "vilage"], "--by: expected village, school or police"),
        (vec!["o", "--by", "village", "--min", "1k"], "--min: expected yuan"),
        (vec!["file", "--by", "village"], "--out file: is a file, expected a folder"),
        (vec!["o", "--by", "village"], "is not there; check data_dir"),
    ] {
        let (code, out, err) = run(&arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains(wanted) && err.trim_end().lines().count() == 1, "{err}");
    }
}

/// The start of a command for the schools of 2026-12-21; the folder follows.
const SCHOOLS: [&str; 6] = ["worksheets", "--as-of", "2026-12-21", "--by", "school", "--out"];

/// As if a list as of 2026-12-21 had come in.
fn told(folder: &TempDir) {
    use diesel::{Connection as _, RunQueryDsl as _};
    let file = folder.path().join("data/zhuxue.db");
    let mut db = diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    diesel::sql_query(
        "INSERT INTO payments_known (id, office_code, product, source, known_until, recorded_at)
         VALUES (1, '512022', 'cdb', 'declaration', '2026-12-21', '2026-12-21 12:00:00')",
    )
    .execute(&mut db)
    .unwrap();
}

#[test]
fn the_workbooks_of_a_day_are_written_and_a_second_run_gives_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    assert!(zhuxue(&folder, &[&office[..], &["--letters", "LZ"]].concat()).status.success());
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sample/clean_plain");
    let add = format!(
        "printf 'plain-words-of-a-test\\n' | {} user add --login wei --name 韦清越 --role clerk \
         --password-stdin",
        env!("CARGO_BIN_EXE_zhuxue")
    );
    let added = Command::new("sh")
        .args(["-c", &add])
        .current_dir(folder.path())
        .env("ZHUXUE_DATA_DIR", folder.path().join("data"))
        .output()
        .unwrap();
    assert!(added.status.success(), "{added:?}");
    let sheets: Vec<String> = ["borrowers", "contracts", "repayments", "graduation"]
        .iter()
        .map(|name| format!("{sample}/{name}.csv"))
        .collect();
    let mut import = vec!["import", "--as-of", "2026-10-31"];
    import.extend(sheets.iter().map(String::as_str));
    let imported = zhuxue(&folder, &import);
    assert!(imported.status.success(), "{imported:?}");

    // Before the bank has told of 12-20 nobody is on a list.
    let (code, out, _) = said(&zhuxue(&folder, &[&SCHOOLS[..], &["none"]].concat()));
    assert_eq!(code, Some(0));
    assert!(out.contains("银行数据截至 2026年10月31日，以后到期的不知道有没有还"), "{out}");
    assert!(!folder.path().join("none").join("00-总表.xlsx").exists());
    told(&folder);

    let run = |out: &str, more: &[&str]| {
        let arguments = ["worksheets", "--as-of", "2026-12-21", "--by", "school", "--out", out];
        let (code, out, err) = said(&zhuxue(&folder, &[&arguments[..], more].concat()));
        assert_eq!((code, err.as_str()), (Some(0), ""));
        out
    };
    let first = run("one", &[]);
    assert!(first.contains("总表是 00-总表.xlsx"), "{first}");
    run("two", &[]);
    let files = |name: &str| {
        let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path().join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        found.sort();
        found
    };
    assert!(files("one").len() > 2);
    assert!(files("one") == files("two"), "equal input, equal bytes");
    assert!(!run("three", &["--no-amounts"]).contains('元'));
    let none = run("four", &["--township", "没有这个镇"]);
    assert!(none.contains("没有写文件"), "{none}");
    assert!(files("four").is_empty());
}
