//! The real program is killed 200 times while it sends: nothing is lost, nothing is sent twice.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zhuxue::base::dates::Clock;
use zhuxue::base::ids::StaffId;
use zhuxue::base::scope::Scope;
use zhuxue::book::office::{self, Office};
use zhuxue::book::staff::{self, Role, Staff};
use zhuxue::command::open_or_make;
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::outbox::{self, Channel, State};

use super::Post;
use super::made::files;
use crate::support::OFFICE;

const KILLS: u32 = 200;
const MESSAGES: usize = 4_000;

fn config(folder: &Path) -> Config {
    let mut config = Config { data_dir: folder.to_owned(), ..Config::default() };
    // The one who writes the messages sends none; with mail, an address is one to write to.
    config.mail.gateway = "spool".to_owned();
    config
}

/// A county with this many messages to send, half of them letters.
fn set_up(folder: &Path) -> Vec<i64> {
    let app = open_or_make(config(folder), Clock::real()).unwrap();
    let now = app.clock.now_at();
    let office = Office {
        code: OFFICE.to_owned(),
        name: "乐至县学生资助管理中心".to_owned(),
        letters: "LZ".to_owned(),
        phone: "0000-6180312".to_owned(),
        address: String::new(),
        created_at: now,
        amounts_on_papers_by: String::new(),
    };
    let one = Staff {
        id: StaffId::new(app.next_id()),
        office_code: OFFICE.to_owned(),
        login: "admin01".to_owned(),
        name: "张三".to_owned(),
        role: Role::Administrator,
        password_hash: "none".to_owned(),
        active: true,
        created_at: now,
        last_signed_in_at: None,
        version: 1,
    };
    app.db
        .write("set up", |db| {
            office::add(db, &office)?;
            staff::add(db, &app.sealer, &one)
        })
        .unwrap();
    // Nothing else by the clock: what is killed here is the sending.
    let off: String = zhuxue::jobs::ALL
        .iter()
        .filter(|job| job.name != zhuxue::jobs::deliver_messages::JOB.name)
        .map(|job| format!("[jobs.{}]\noff = true\n", job.name))
        .collect();
    std::fs::write(folder.join("zhuxue.toml"), off).unwrap();
    let post = Post::new(&app, "13800002741");
    let mut ids = post.add(Channel::Sms, MESSAGES / 2);
    ids.extend(post.add(Channel::Email, MESSAGES / 2));
    ids
}

fn start(folder: &Path) -> Child {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhuxue"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ZHUXUE_") {
            command.env_remove(name);
        }
    }
    command
        .arg("serve")
        .current_dir(folder)
        .env("ZHUXUE_DATA_DIR", folder)
        .env("ZHUXUE_LISTEN", format!("127.0.0.1:{port}"))
        .env("ZHUXUE_SMS_GATEWAY", "spool")
        .env("ZHUXUE_MAIL_GATEWAY", "spool")
        // Few at once and short leases: what a killed one had is free again soon.
        .env("ZHUXUE_SMS_BATCH", "5")
        .env("ZHUXUE_SMS_LEASE_S", "1")
        .env("ZHUXUE_MAIL_BATCH", "5")
        .env("ZHUXUE_MAIL_LEASE_S", "1")
        .env("ZHUXUE_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Which file is behind each name: a message that is sent again gets no new one.
fn inodes(folder: &Path) -> BTreeMap<String, u64> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let whole = !name.starts_with('.');
            whole.then(|| entry.metadata().ok().map(|m| (name, m.ino()))).flatten()
        })
        .collect()
}

fn sent_so_far(folder: &Path) -> usize {
    let count = |name: &str| {
        let Ok(entries) = std::fs::read_dir(folder.join(name)) else { return 0 };
        entries
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
            .count()
    };
    count("spool/sms") + count("spool/mail")
}

/// Starts the program, lets it send something, and kills it at any instant.
fn start_and_kill(folder: &Path, round: u32) {
    let before = sent_so_far(folder);
    let mut program = start(folder);
    let waited = Instant::now();
    while sent_so_far(folder) == before && waited.elapsed() < Duration::from_secs(20) {
        assert!(program.try_wait().unwrap().is_none(), "the program ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    // 0 to 12 ms, another instant each time: in a batch, between two, at a commit.
    std::thread::sleep(Duration::from_micros(u64::from(round) * 7_919 % 12_000));
    program.kill().unwrap();
    program.wait().unwrap();
}

#[test]
fn killed_200_times_while_sending_nothing_is_lost_and_nothing_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let ids = set_up(folder.path());
    let mut seen = BTreeMap::new();
    let mut while_sending = 0;
    for round in 0..KILLS {
        let before = sent_so_far(folder.path());
        start_and_kill(folder.path(), round);
        let now = sent_so_far(folder.path());
        while_sending += u32::from(now > before && now < MESSAGES);
        for (name, inode) in inodes(&folder.path().join("spool/sms")) {
            assert_eq!(*seen.entry(name).or_insert(inode), inode, "written once, never again");
        }
    }
    assert!(while_sending >= KILLS * 9 / 10, "only {while_sending} kills hit the sending");
    let mut program = start(folder.path());
    let app = open_or_make(config(folder.path()), Clock::real()).unwrap();
    let post = Post::new(&app, "13900002741");
    let waited = Instant::now();
    let (scope, day) = (Scope::of(OFFICE), post.row(ids[0]).planned_on);
    let sent = || {
        let counts = app.db.read(|db| outbox::counts_by_state(db, &scope, day, day)).unwrap();
        usize::try_from(counts.of(State::Sent)).unwrap()
    };
    while sent() < MESSAGES && waited.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(100));
    }
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(post.states(&ids), [State::Sent]);
    let mut sent: Vec<String> = Vec::new();
    for (name, text) in files(&folder.path().join("spool/sms")) {
        if name.starts_with('.') {
            continue;
        }
        let message: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(name, format!("{}.json", message["id"].as_str().unwrap()));
        assert_eq!(message["phone"], "13800002741");
        sent.push(message["id"].as_str().unwrap().to_owned());
    }
    for (name, text) in files(&folder.path().join("spool/mail")) {
        if let Some(id) = name.strip_suffix(".eml") {
            assert!(
                text.contains(&format!("Message-ID: <{id}@localhost>")) && text.ends_with('\n')
            );
            sent.push(id.to_owned());
        }
    }
    let mut wanted: Vec<String> = ids.iter().map(i64::to_string).collect();
    sent.sort();
    wanted.sort();
    assert_eq!(sent, wanted, "every message once");
}
