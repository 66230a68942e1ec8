//! A backup is put back: by the command, rehearsed, refused where it cannot be; nothing is sent
//! and no job runs until a person has released both.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;
use zhuxue::book::staff::Role;
use zhuxue::clock::run_due;
use zhuxue::plumbing::db::Database;
use zhuxue::plumbing::outbox::{Channel, State};
use zhuxue::plumbing::restored::{self, Restored};
use zhuxue::plumbing::schema::job_run;

use super::command::zhuxue;
use crate::outbox::Post;
use crate::support::each;

fn add_office(folder: &TempDir, code: &str, letters: &str) {
    let name = ["office", "add", "--code", code, "--name", "县学生资助管理中心"];
    let (code, _, err) = zhuxue(folder, "UTC", &[&name[..], &["--letters", letters]].concat());
    assert_eq!(code, Some(0), "{err}");
}

/// A folder whose backup knows one office, and whose database knows two.
fn with_backup() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    add_office(&folder, "512022", "LZ");
    let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", "back_up"]);
    assert_eq!(code, Some(0), "{err}");
    add_office(&folder, "512023", "AY");
    let backups = std::fs::read_dir(folder.path().join("data/backups")).unwrap();
    let is_copy = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "db");
    let backup = backups.map(|entry| entry.unwrap().path()).find(is_copy).unwrap();
    (folder, backup)
}

fn offices(folder: &TempDir) -> usize {
    let (code, out, err) = zhuxue(folder, "UTC", &["office", "list"]);
    assert_eq!(code, Some(0), "{err}");
    out.lines().filter(|line| line.contains("5120")).count()
}

#[test]
fn a_backup_takes_the_place_of_the_database_and_the_old_one_stays() {
    let (folder, backup) = with_backup();
    let name = backup.file_name().unwrap().to_str().unwrap();
    let before = std::fs::read(&backup).unwrap();
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", name, "--rehearse"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("演练完成") && offices(&folder) == 2, "{out}");
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", name]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("原来的数据没有删除") && out.contains("备份与恢复"), "{out}");
    assert_eq!(offices(&folder), 1);
    assert_eq!(std::fs::read(&backup).unwrap(), before, "the backup itself is untouched");
    let files = std::fs::read_dir(folder.path().join("data")).unwrap();
    let names: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let aside = names.iter().find(|path| path.to_string_lossy().contains(".before-")).unwrap();
    let database = folder.path().join("data/zhuxue.db");
    for file in [aside, &database] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!names.iter().any(|path| path.to_string_lossy().ends_with(".part")), "{names:?}");
    let old = Database::open(&format!("sqlite:{}", aside.display()), 2).unwrap();
    assert_eq!(old.read(zhuxue::book::office::all).unwrap().len(), 2);
    let new = Database::open(&format!("sqlite:{}", database.display()), 2).unwrap();
    let restored = new.read(restored::get).unwrap().unwrap();
    assert!(restored.copy == name && !restored.jobs_released && restored.as_of.is_some());
}

#[test]
fn a_lost_database_comes_back_into_an_empty_folder() {
    let (folder, backup) = with_backup();
    for file in ["zhuxue.db", "zhuxue.db-wal", "zhuxue.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join("data").join(file));
    }
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", backup.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{err}");
    assert!(!out.contains("没有删除") && offices(&folder) == 1, "{out}");
}

#[test]
fn what_cannot_be_put_back_is_refused_and_nothing_changes() {
    let (folder, backup) = with_backup();
    let refused = |file: &str, why: &str| {
        let (code, out, err) = zhuxue(&folder, "UTC", &["restore", file]);
        assert_eq!(code, Some(2), "{out}{err}");
        assert!(err.contains(why), "{err}");
        assert_eq!(offices(&folder), 2);
    };
    refused("zhuxue-1999-01-01.db", "没有这个文件");
    let bad = folder.path().join("bad.db");
    let bytes = std::fs::read(&backup).unwrap();
    std::fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    refused(bad.to_str().unwrap(), "损坏");
    std::fs::write(&bad, "姓名,电话\n").unwrap();
    refused(bad.to_str().unwrap(), "不是本系统的备份");
    let changed = |sql: &str| {
        std::fs::write(&bad, &bytes).unwrap();
        let mut copy = SqliteConnection::establish(bad.to_str().unwrap()).unwrap();
        copy.batch_execute(sql).unwrap();
    };
    changed("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
    refused(bad.to_str().unwrap(), "更新版本的程序");
    changed("UPDATE meta SET value = 'another' WHERE key = 'key_fingerprint'");
    refused(bad.to_str().unwrap(), "另一份密钥");
    changed("UPDATE meta SET value = '00' WHERE key LIKE 'seal_check_%'");
    refused(bad.to_str().unwrap(), "另一份密钥");
    // Somebody works with it.
    let url = format!("sqlite:{}", folder.path().join("data/zhuxue.db").display());
    let open = Database::open(&url, 2).unwrap();
    refused(backup.to_str().unwrap(), "请先停止程序");
    drop(open);
    std::fs::remove_file(folder.path().join("data/keys.toml")).unwrap();
    let (code, _, err) = zhuxue(&folder, "UTC", &["restore", backup.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(err.contains("密钥文件") && err.contains("副本"), "{err}");
}

#[test]
fn nothing_is_sent_and_no_job_runs_until_a_person_has_released_both() {
    each(async |t| {
        let post = Post::new(&t.app, "13800002741");
        let ids = post.add(Channel::Sms, 3);
        let now = t.app.clock.now_at();
        let restored = Restored {
            copy: "zhuxue-2026-10-31.db".to_owned(),
            as_of: Some(now),
            at: now,
            by_name: "张三".to_owned(),
            jobs_released: false,
        };
        t.app.db.write("test", |db| restored::set(db, &restored)).unwrap();
        assert!(run_due(&t.app, now).unwrap().is_empty());
        assert_eq!(post.deliver(), (0, 0, 0));
        let mut clerk = t.sign_in(Role::Clerk);
        // A clerk reads where it stands and who decides, and decides nothing.
        let page = clerk.get("/admin/backups").await;
        page.is(200).says(&["恢复请主任或管理员来办", "现在没有这样的账号", "等待发送的 3 条消息"]);
        assert!(!page.text.contains("/admin/backups/messages\""), "{}", page.text);
        clerk.post("/admin/backups/messages", &[("messages", "drop")]).await.is(403);
        let mut director = t.sign_in(Role::Director);
        let page = director.get("/admin/backups").await;
        page.is(200).says(&["刚从备份恢复", "等待发送的 3 条消息", "zhuxue-2026-10-31.db"]);
        // Messages only behind the jobs: those write what was missed, and it must not leave.
        director.post("/admin/backups/messages", &[("messages", "drop")]).await.is(422);
        director.post("/admin/backups/jobs", &[]).await.is(303);
        assert!(!run_due(&t.app, now).unwrap().is_empty());
        assert_eq!(post.deliver(), (0, 0, 0));
        assert_eq!(post.states(&ids), [State::Waiting]);
        director.post("/admin/backups/messages", &[("messages", "")]).await.is(422);
        director.post("/admin/backups/messages", &[("messages", "drop")]).await.is(303);
        assert_eq!(post.states(&ids), [State::Cancelled]);
        assert_eq!(t.app.db.read(restored::get).unwrap(), None);
        // Twice is once.
        director.post("/admin/backups/messages", &[("messages", "drop")]).await.is(404);
    });
}

/// A month of notices is not sent because a clock was set wrong.
#[test]
fn a_clock_that_jumps_more_than_a_week_ahead_holds_the_messages() {
    each(async |t| {
        let look = |at: &str| {
            let at = format!("{at}T08:00:00").parse().unwrap();
            t.app.db.write("test", |db| restored::look_at_clock(db, at)).unwrap()
        };
        // The first look ever, a day later, a week off, set back.
        for day in ["2026-10-01", "2026-10-02", "2026-10-09", "2026-10-05"] {
            assert!(!look(day), "{day}");
        }
        assert!(look("2026-10-31"));
        assert!(!look("2026-12-31"), "it is held already");
        let held = t.app.db.read(restored::get).unwrap().unwrap();
        assert!(held.copy.is_empty() && held.jobs_released);
        let page = t.sign_in(Role::Director).get("/admin/backups").await;
        page.is(200).says(&["电脑的时间往前跳了", "2026-10-05", "放行消息"]);
        assert!(!page.text.contains("刚从备份恢复"), "{}", page.text);
    });
}

/// The last link of the history that this machine has seen stands beside the keys.
#[test]
fn an_older_database_is_noticed_unless_restore_has_put_it_there() {
    let (folder, backup) = with_backup();
    let heads = folder.path().join("data/keys.heads");
    std::fs::write(&heads, "512022 900 00ff\n").unwrap();
    let (code, out, _) = zhuxue(&folder, "UTC", &["verify"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("本机见过的第 900 条不在里面"), "{out}");
    let backup = backup.to_str().unwrap();
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", backup, "--rehearse"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(heads.exists(), "a rehearsal changes nothing");
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", backup]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(!heads.exists());
    let (code, out, err) = zhuxue(&folder, "UTC", &["verify"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

/// The copy is made while the job that makes it runs: in the copy it runs for ever.
#[test]
fn what_ran_when_the_copy_was_made_does_not_run_in_what_was_put_back() {
    let (folder, backup) = with_backup();
    let mut copy = SqliteConnection::establish(backup.to_str().unwrap()).unwrap();
    let later = "INSERT INTO job_run SELECT 'warn_staff', planned_for, state, attempts, \
                 leased_until, leased_by, next_try_at, started_at, ended_at, done_count, \
                 skipped_count, failed_count, note, problem FROM job_run WHERE job = 'back_up'";
    copy.batch_execute(later).unwrap();
    drop(copy);
    let runs = |file: &std::path::Path| -> Vec<(String, String, bool)> {
        let url = format!("sqlite:{}", file.display());
        let read = Database::open(&url, 2).unwrap();
        let all = read.read(|db| {
            Ok(job_run::table
                .order(job_run::job)
                .select((job_run::job, job_run::state, job_run::leased_until.is_null()))
                .load(db)?)
        });
        all.unwrap()
    };
    let run = |job: &str, state: &str, free| (job.to_owned(), state.to_owned(), free);
    let before = [run("back_up", "running", false), run("warn_staff", "running", false)];
    assert_eq!(runs(&backup), before);
    let (code, out, err) = zhuxue(&folder, "UTC", &["restore", backup.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}{err}");
    let after = [run("back_up", "done", true), run("warn_staff", "failed", true)];
    assert_eq!(runs(&folder.path().join("data/zhuxue.db")), after);
    let (_, list, _) = zhuxue(&folder, "UTC", &["job", "list"]);
    assert!(!list.contains("正在运行"), "{list}");
    // What is to be made up for without a server is said, with the command that does it.
    let (code, _, err) = zhuxue(&folder, "UTC", &["restore", "--release", "jobs"]);
    assert_eq!(code, Some(0), "{err}");
    for _ in 0..60 {
        let (code, out, err) = zhuxue(&folder, "UTC", &["restore", "--release", "drop"]);
        if code == Some(0) {
            assert!(out.contains("已取消等待的 0 条消息"), "{out}");
            return;
        }
        let job = err.split("zhuxue job run ").nth(1).unwrap_or_else(|| panic!("{err}"));
        let job = job.split('，').next().unwrap();
        assert_ne!(job, "back_up", "{err}");
        let (code, _, err) = zhuxue(&folder, "UTC", &["job", "run", job]);
        assert_eq!(code, Some(0), "{err}");
    }
    panic!("the jobs are never made up for");
}
