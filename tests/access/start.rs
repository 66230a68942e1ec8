//! Starting: each thing that can be wrong is one line, and nothing is written.

use std::path::Path;

use diesel::prelude::*;
use zhuxue::base::dates::Clock;
use zhuxue::command::demo::Demo;
use zhuxue::command::{self, Cli, CliError};
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::meta;
use zhuxue::plumbing::schema::person;

use crate::support::TestApp;
use crate::support::database::kinds;

fn config(folder: &Path) -> Config {
    Config { data_dir: folder.to_owned(), ..Config::default() }
}

fn stopped(config: Config) -> CliError {
    let stop = command::open(config, Clock::real()).map(|_| ()).unwrap_err();
    assert_eq!(stop.line.lines().count(), 1, "{}", stop.line);
    stop
}

#[test]
fn a_wrong_or_missing_key_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    drop(command::open_or_make(config(folder.path()), Clock::real()).unwrap());
    drop(command::open(config(folder.path()), Clock::real()).unwrap());
    let keys = folder.path().join("keys.toml");
    let own = folder.path().join("kept.toml");
    std::fs::rename(&keys, &own).unwrap();
    assert!(stopped(config(folder.path())).line.contains("不见了"));
    assert!(!keys.exists(), "no new key file beside a sealed database");
    let other = tempfile::tempdir().unwrap();
    drop(command::open_or_make(config(other.path()), Clock::real()).unwrap());
    std::fs::copy(other.path().join("keys.toml"), &keys).unwrap();
    let stop = stopped(config(folder.path()));
    assert!(stop.line.contains("不是这个数据库加密用的那一份"), "{}", stop.line);
    std::fs::rename(&own, &keys).unwrap();
    drop(command::open(config(folder.path()), Clock::real()).unwrap());
}

/// The key file with one bit of the sealing key changed; the index key is the right one.
fn with_another_seal(folder: &Path) -> String {
    let keys = folder.join("keys.toml");
    let right = std::fs::read_to_string(&keys).unwrap();
    let (before, rest) = right.split_once("seal = \"").unwrap();
    let other = if rest.starts_with('0') { '1' } else { '0' };
    std::fs::write(&keys, format!("{before}seal = \"{other}{}", &rest[1..])).unwrap();
    right
}

#[test]
fn a_wrong_sealing_key_is_noticed_on_both_databases() {
    for kind in kinds() {
        let t = TestApp::shared(kind, |_| ());
        let config = (*t.app.config).clone();
        let folder = config.data_dir.clone();
        drop(command::open(config.clone(), Clock::real()).unwrap());
        let right = with_another_seal(&folder);
        let line = stopped(config.clone()).line;
        assert!(line.contains("加密密钥 1 不是"), "{line}");
        // A database of an older version keeps no check yet: its rows must open.
        t.sign_in_borrower();
        let forget = "DELETE FROM meta WHERE key LIKE 'seal_check_%'";
        let sealed = t.app.sealer.seal(Field::IdNumber, b"51209720080127996X").unwrap();
        t.app
            .db
            .write("test", |db| {
                diesel::sql_query(forget).execute(db)?;
                diesel::update(person::table).set(person::id_sealed.eq(&sealed)).execute(db)?;
                Ok(())
            })
            .unwrap();
        let line = stopped(config.clone()).line;
        assert!(line.contains("打不开这个数据库的内容"), "{line}");
        let learnt =
            |t: &TestApp| t.app.db.read(|db| meta::with_prefix(db, "seal_check_")).unwrap();
        assert!(learnt(&t).is_empty(), "a wrong key is not learnt");
        std::fs::write(folder.join("keys.toml"), right).unwrap();
        drop(command::open(config.clone(), Clock::real()).unwrap());
        assert_eq!(learnt(&t).len(), 1);
        with_another_seal(&folder);
        assert!(stopped(config).line.contains("加密密钥 1"));
    }
}

#[test]
fn the_demo_stays_on_this_machine_and_serves_nobody_else() {
    let demo = |listen: &str, url: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (listen, public_url) = (listen.to_owned(), url.to_owned());
        let config = Config { listen, public_url, ..config(folder.path()) };
        let run = Demo { today: None, reset: false }.run(config, &mut Vec::new());
        assert!(!folder.path().join("zhuxue.db").exists(), "nothing is made");
        run.unwrap_err().line
    };
    let line = demo("0.0.0.0:18385", "http://127.0.0.1:18385");
    assert!(line.contains("listen 0.0.0.0:18385：演示") && line.lines().count() == 1, "{line}");
    let line = demo("127.0.0.1:18385", "https://zhuxue.example");
    assert!(line.contains("public_url https://zhuxue.example：演示"), "{line}");
    // The folder of a demo, started as if it were a county's.
    let folder = tempfile::tempdir().unwrap();
    let app = command::open_or_make(config(&folder.path().join("data")), Clock::real()).unwrap();
    app.db.write("test", |db| meta::set(db, "demo", "loaded")).unwrap();
    drop(app);
    let stop = run(folder.path(), &["serve"]).unwrap_err();
    assert!(stop.code == 2 && stop.line.contains("这是演示数据"), "{}", stop.line);
    assert_eq!(stop.line.lines().count(), 1);
}

#[test]
fn a_damaged_database_and_a_mistyped_url_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("zhuxue.db"), "no database at all, but longer than a page")
        .unwrap();
    assert!(stopped(config(folder.path())).line.contains("已损坏"));
    let file = folder.path().join("not-a-folder");
    std::fs::write(&file, "x").unwrap();
    assert!(stopped(config(&file)).line.contains("data_dir"));
    let wrong = Config { database_url: "postgre://x".to_owned(), ..config(folder.path()) };
    assert!(stopped(wrong).line.contains("database_url"));
}

fn run(folder: &Path, arguments: &[&str]) -> Result<String, CliError> {
    use clap::Parser as _;
    let file = folder.join("zhuxue.toml");
    let text = format!("data_dir = {:?}\nlog = \"off\"\n", folder.join("data"));
    std::fs::write(&file, text).unwrap();
    let mut all = vec!["zhuxue", "--config", file.to_str().unwrap()];
    all.extend_from_slice(arguments);
    let mut out = Vec::new();
    command::run(Cli::try_parse_from(all).unwrap(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn an_empty_database_says_what_to_do_first() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    let stop = run(f, &["serve"]).unwrap_err();
    assert!(stop.code == 2 && stop.line.contains("zhuxue office add"), "{}", stop.line);
    assert!(!f.join("data").exists(), "nothing is made by a mistake");
    let add = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    let wrong = [&add[..], &["--letters", "乐"]].concat();
    let stop = run(f, &wrong).unwrap_err();
    assert!(stop.code == 2 && stop.line.starts_with("--letters："), "{}", stop.line);
    let right = [&add[..], &["--letters", "lz"]].concat();
    run(f, &right).unwrap();
    assert!(run(f, &right).unwrap_err().line.contains("已经建立过"));
    // Numbers of files begin with the letters: two offices never share them.
    let other = ["office", "add", "--code", "510500", "--name", "泸州市学生资助管理中心"];
    let stop = run(f, &[&other[..], &["--letters", "LZ"]].concat()).unwrap_err();
    assert_eq!(
        (stop.code, stop.line.as_str()),
        (2, "--letters：LZ 已由 乐至县学生资助管理中心 使用，请换一个，例如 LZA")
    );
    assert_eq!(run(f, &["office", "list"]).unwrap(), "512022  LZ  乐至县学生资助管理中心\n");
    let stop = run(f, &["serve"]).unwrap_err();
    assert!(stop.line.contains("zhuxue user add"), "{}", stop.line);
    let stop = run(f, &["user", "disable", "nobody"]).unwrap_err();
    assert!(stop.code == 2 && stop.line.contains("没有这个登录名"), "{}", stop.line);
}
