//! Another instance of the program that does nothing but importing: a process of its own, which
//! can be killed at any instant and given a disk that is too small.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use zhuxue::base::dates::Clock;
use zhuxue::command::open_or_make;
use zhuxue::imports::queue;
use zhuxue::imports::runner::Runner;
use zhuxue::plumbing::config::Config;

use crate::support::TestApp;

const TOLD: &str = "TEST_IMPORT_INSTANCE";
/// What it says after each look at the line.
const LOOKED: &str = "looked";

/// The other process; killed when this is dropped.
pub struct Instance {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Instance {
    /// On the database of `t`, with its clock.
    pub fn start(t: &TestApp) -> Instance {
        Instance::run(t, Command::new(std::env::current_exe().unwrap()))
    }

    /// The same, where no file can become larger than this.
    pub fn start_within(t: &TestApp, file_kb: u64) -> Instance {
        let mut shell = Command::new("sh");
        // Not to be ended by the signal: a full disk sends none either. Blocks of 512 bytes.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", file_kb * 2);
        shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
        Instance::run(t, shell)
    }

    fn run(t: &TestApp, mut command: Command) -> Instance {
        let config = &t.app.config;
        let mut url = config.database_url.clone();
        if t.app.db.is_postgres() {
            // So that its connections, and no others, can be broken.
            url.push_str("&application_name=instance");
        }
        let told = [
            config.data_dir.display().to_string(),
            url,
            config.import_lines.to_string(),
            config.import_lease_s.to_string(),
            format!("{:?}", t.app.clock.now_at()),
        ];
        let mut child = command
            .args(["imports::instance::an_instance_that_other_tests_start", "--exact"])
            .arg("--nocapture")
            .env(TOLD, told.join("\n"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Instance { child, says }
    }

    /// Until it has looked at the line once more and found nothing that it can do.
    pub fn looks(&mut self) {
        let mut line = String::new();
        while !line.contains(LOOKED) {
            line.clear();
            let read = self.says.read_line(&mut line).unwrap();
            assert!(read > 0, "the instance ended by itself");
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Nothing by itself; started by [`Instance::start`] it imports until it is killed.
#[test]
fn an_instance_that_other_tests_start() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let told: Vec<&str> = told.split('\n').collect();
    // It ends with the test that started it, however that ended.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let config = Config {
        data_dir: told[0].into(),
        database_url: told[1].to_owned(),
        database_connections: 2,
        import_lines: told[2].parse().unwrap(),
        import_lease_s: told[3].parse().unwrap(),
        ..Config::default()
    };
    let clock = Clock::starting_on("2026-10-31".parse().unwrap());
    clock.set_at(told[4].parse().unwrap());
    let app = open_or_make(config, clock).unwrap();
    loop {
        // A database that is away is asked again.
        let _ = queue::resume_abandoned(&app);
        while !Runner::of(&app).is_idle() {
            std::thread::sleep(Duration::from_millis(1));
        }
        println!("{LOOKED}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
